/** ONNX element types by their number in `TensorProto.data_type`. */
export const ELEMENT_TYPES = [
  'undefined', 'float32', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool', 'float16',
  'float64', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16', 'float8e4m3fn', 'float8e4m3fnuz',
  'float8e5m2', 'float8e5m2fnuz', 'uint4', 'int4', 'float4e2m1', 'float8e8m0', 'uint2', 'int2',
] as const

export type ElementType = (typeof ELEMENT_TYPES)[number]

/** The number of an element type in the file. */
export const elementTypeNumber = (type: ElementType): number => ELEMENT_TYPES.indexOf(type)
