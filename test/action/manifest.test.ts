import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { INPUT_NAMES, readInputs } from '../../src/inputs.ts'
import { OUTPUT_NAMES, emptyOutputs } from '../../src/outputs.ts'

interface Manifest {
  inputs: Record<string, { description: string; default: string; required: boolean }>
  outputs: Record<string, { description: string }>
  runs: { using: string; main: string }
}

const text = readFileSync(join(import.meta.dirname, '..', '..', 'action.yml'), 'utf8')
const manifest = parse(text) as Manifest

describe('action.yml', () => {
  it('declares the inputs that the code reads', () => {
    expect(Object.keys(manifest.inputs)).toEqual([...INPUT_NAMES])
  })

  it('declares the outputs that the code sets', () => {
    expect(Object.keys(manifest.outputs)).toEqual([...OUTPUT_NAMES])
    expect(Object.keys(emptyOutputs())).toEqual([...OUTPUT_NAMES])
  })

  it('has the defaults that the code has, so that none is required', () => {
    const defaults = readInputs((name) => manifest.inputs[name]?.default ?? '')
    expect(defaults).toEqual(readInputs(() => ''))
    expect(Object.values(manifest.inputs).filter(({ required }) => required)).toEqual([])
  })

  it('says of each input and output what it is', () => {
    const described = [...Object.values(manifest.inputs), ...Object.values(manifest.outputs)]
    for (const { description } of described) expect(description).toMatch(/^.{10,}$/)
  })

  it('runs the build on Node 24', () => {
    expect(manifest.runs).toEqual({ using: 'node24', main: 'dist/index.js' })
  })
})
