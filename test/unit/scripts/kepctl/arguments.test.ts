import { describe, expect, test } from 'vitest'
import { findCommand, readArguments } from '../../../../scripts/kepctl/arguments.ts'
import { UsageError } from '../../../../scripts/kepctl/command.ts'
import { commands } from '../../../../scripts/kepctl/commands.ts'

const words = (line: string): string[] => line.split(' ').filter((word) => word !== '')

const read = (line: string) => {
  const argv = words(line)
  const command = findCommand(commands, argv)
  return command && { name: command.name, args: readArguments(command, argv) }
}

describe('which command is meant', () => {
  test.each([
    ['account create a@hs98.kep.tr --holder X', 'account create'],
    ['--data d account list', 'account list'],
    ['--json --config c.yaml trace x', 'trace'],
    ['verify a.xml --trust ca.pem', 'verify'],
    ['config check', 'config check'],
    ['account', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%s: %s', (line, name) => expect(findCommand(commands, words(line))?.name).toBe(name))
})

describe('wrong use', () => {
  test.each([
    'account create',
    'account create a b --holder x',
    'account list more',
    'account list --nonsense',
    'trace',
    'trace a b',
    'verify',
    'send word',
    'password set a@hs98.kep.tr --password gizli',
    'send --password gizli',
    'account show a --data',
    'account show a --json=yes',
  ])('%s', (line) => expect(() => read(line)).toThrow(UsageError))
})

test.each([
  ['account list --nonsense', '--nonsense diye bir seçenek yok', "Unknown option '--nonsense'"],
  ['account show a --data', '--data: değeri eksik', "'--data <value>' argument missing"],
  ['trace', 'bağımsız değişken eksik', 'argument is missing'],
  ['trace a b', 'gereğinden çok', 'too many arguments'],
])('wrong use is told in both languages: %s', (line, tr, en) => {
  const text = { tr: expect.stringContaining(tr), en: expect.stringContaining(en) }
  expect(() => read(line)).toThrow(expect.objectContaining({ text }))
})

test('no command takes a secret as an argument', () => {
  for (const { options } of commands)
    for (const name of Object.keys(options)) if (name.includes('password')) expect(name).toMatch(/-file$/)
})

test('--help needs no arguments', () => {
  expect(read('trace --help')?.args.flag('help')).toBe(true)
})

test('values', () => {
  const args = read('verify a b --trust x --trust y --revocation require --data d')?.args
  expect(args?.words).toEqual(['a', 'b'])
  expect(args?.many('trust')).toEqual(['x', 'y'])
  expect(args?.one('revocation')).toBe('require')
  expect(args?.data).toBe('d')
  expect(() => args?.required('content')).toThrow(UsageError)
})
