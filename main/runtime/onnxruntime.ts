export { env, InferenceSession, listSupportedBackends, Tensor } from 'onnxruntime-node'

// ONNX Runtime reports its use to its maker, keeps a device id in the home folder and leaves a log in the temporary one, unless
// this is set before the first session is made. Nothing of a user's work leaves the machine.
process.env['ORT_DISABLE_TELEMETRY'] = '1'
