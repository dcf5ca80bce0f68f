import { float32 } from '../onnx/tensor.ts'
import { inputChannelOf, outputChannelOf, outputChannels, type ConvConstants } from './fold-weights.ts'
import type { Node } from '../onnx/graph.ts'
import { isConvolution } from './channel-links.ts'
import type { CodesContext, SeenChannels } from './rewrite.ts'
import type { Site } from './site.ts'

/** A convolution with constants of this moment. */
export interface WeighedConv extends ConvConstants {
  readonly conv: Node
}

/** One tensor between convolutions, as it stands. */
export interface NoisePlace {
  readonly channels: number
  readonly producers: readonly (WeighedConv & {
    /** Mean square of what it reads. */
    readonly inputPower: number
  })[]
  readonly consumers: readonly (WeighedConv & {
    /** What Statistics saw of the channels that it reads. */
    readonly seen: SeenChannels
  })[]
}

/**
 * Expected noise over signal at the outputs of the consumers, of everything that is rounded here: weights of producers and consumers (their
 * own rounding errors), and the activation between them on one scale for all channels (step² / 12). Independent
 * errors are assumed, and inputs of the producers to be white; nothing is run.
 */
export function expectedNoise({ channels, producers, consumers }: NoisePlace, codes: CodesContext): number {
  const [made, madeNoise] = [new Float64Array(channels), new Float64Array(channels)]
  for (const producer of producers) {
    const values = float32(producer.weight)
    const channelOf = outputChannelOf(producer.conv, producer.weight)
    const errors = roundingErrors(producer, codes)
    for (let index = 0; index < values.length; index++) {
      made[channelOf(index)]! += values[index]! ** 2 * producer.inputPower
      madeNoise[channelOf(index)]! += errors[index]! ** 2 * producer.inputPower
    }
    if (producer.bias) for (const [channel, bias] of float32(producer.bias).entries()) made[channel]! += bias ** 2
  }
  let sum = 0
  for (const reader of consumers) {
    const [power, step] = activationOf(reader.seen, channels, codes)
    // What rounding the producers' weights adds stands in the same proportion to what was seen as to what they make.
    const share = (channel: number): number => (madeNoise[channel]! / Math.max(made[channel]!, Number.MIN_VALUE)) * power[channel]!
    const values = float32(reader.weight)
    const channelOf = inputChannelOf(reader.conv, reader.weight)
    const errors = roundingErrors(reader, codes)
    let [signal, noise] = [0, 0]
    for (let index = 0; index < values.length; index++) {
      const channel = channelOf(index)
      signal += values[index]! ** 2 * power[channel]!
      noise += errors[index]! ** 2 * power[channel]! + values[index]! ** 2 * (step ** 2 / 12 + share(channel))
    }
    if (signal > 0) sum += noise / signal
  }
  return sum
}

/** Mean square of each channel, and the step of the scale that all of them share. */
function activationOf({ min, max }: SeenChannels, channels: number, { activationBits }: CodesContext): [power: Float64Array, step: number] {
  const power = Float64Array.from({ length: channels }, (_, channel) => evenPower(min[channel]!, max[channel]!))
  const span = Math.max(0, ...Array.from(max)) - Math.min(0, ...Array.from(min))
  return [power, span / (2 ** activationBits - 1)]
}

/** What rounding to codes with symmetric scales does to each weight. */
function roundingErrors({ conv, weight }: WeighedConv, { granularity, weightBits }: CodesContext): Float64Array {
  const values = float32(weight)
  const channelOf = granularity === 'channel' ? outputChannelOf(conv, weight) : () => 0
  const largest = new Float64Array(granularity === 'channel' ? outputChannels(conv, weight) : 1)
  for (let index = 0; index < values.length; index++) largest[channelOf(index)] = Math.max(largest[channelOf(index)]!, Math.abs(values[index]!))
  const levels = 2 ** (weightBits - 1) - 1
  return Float64Array.from(values, (value, index) => {
    const step = largest[channelOf(index)]! / levels
    return step === 0 ? 0 : value - Math.round(value / step) * step
  })
}

/**
 * About the mean square of every tensor: white noise over the picture's range (else of power 1) taken through convolutions and their biases;
 * half of it is left behind a Relu, sums add up, whatever else comes passes it on. What Statistics saw counts first.
 */
export function tensorPowers({ graph, picture, seen }: Pick<Site, 'graph' | 'picture' | 'seen'>): (tensor: string) => number {
  const powers = new Map<string, number>()
  if (picture) powers.set(picture.input, evenPower(...picture.range))
  const of = (name: string | undefined): number => powers.get(name ?? '') ?? 1
  for (const node of graph.nodes) {
    const moving = node.inputs.filter((name) => name !== '' && !graph.initializers.has(name))
    const [weight, bias] = [node.inputs[1], node.inputs[2]].map((name) => graph.initializers.get(name ?? ''))
    const own = of(moving[0])
    const power = isConvolution(node) && weight?.type === 'float32'
      ? (own * squares(float32(weight))) / outputChannels(node, weight) + (bias?.type === 'float32' ? squares(float32(bias)) / float32(bias).length : 0)
      : node.op === 'Add' || node.op === 'Sub' ? moving.reduce((sum, name) => sum + of(name), 0) : node.op === 'Relu' ? own / 2 : own
    for (const output of node.outputs) {
      const known = seen?.get(output)
      powers.set(output, known ? mean(Array.from(known.max, (high, channel) => evenPower(known.min[channel]!, high))) : power)
    }
  }
  return of
}

/** Mean square of values spread evenly from low to high. */
const evenPower = (low: number, high: number): number => (low ** 2 + low * high + high ** 2) / 3

const squares = (values: Float32Array): number => values.reduce((sum, value) => sum + value ** 2, 0)

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
