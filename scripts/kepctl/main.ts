import { ConfigError, faultText } from '../../config/load.ts'
import { KeyError } from '../../evidence/index.ts'
import { ControlRefusal } from '../../server/ops/api/client.ts'
import { DataFolderLocked } from '../../server/ops/data-lock.ts'
import { refusalOf } from '../../server/ops/operations/operation.ts'
import { StoreError } from '../../storage/port.ts'
import { findCommand, readArguments } from './arguments.ts'
import { type Command, type ExitCode, Refused, UsageError } from './command.ts'
import { commands } from './commands.ts'
import { fileRefusal } from './given-file.ts'
import { keyRefusal } from './key-refusal.ts'
import { operationRefusal } from './operation-refusal.ts'
import { Screen } from './screen.ts'
import { noMoreSecrets } from './secret.ts'

/** Runs one command line. Never rejects: whatever happens is told and becomes an exit code. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const screen = new Screen(argv.includes('--json'))
  const asksHelp = argv[0] === 'help'
  const command = findCommand(commands, asksHelp ? argv.slice(1) : argv)
  if (command === undefined) {
    const asked = asksHelp || argv.includes('--help')
    const lines = overview(screen)
    if (asked) for (const line of lines) process.stdout.write(`${line}\n`)
    else {
      if (!screen.json) for (const line of lines) screen.note(line)
      if (screen.json || (argv[0] !== undefined && !argv[0].startsWith('-')))
        screen.fail('USAGE', screen.text({ tr: 'böyle bir komut yok', en: 'there is no such command' }))
    }
    return asked ? 0 : 2
  }
  if (asksHelp) return helped(command, screen)
  try {
    const args = readArguments(command, argv)
    if (args.flag('help')) return helped(command, screen)
    return await command.run(args, screen)
  } catch (error) {
    return told(error, command, screen)
  } finally {
    noMoreSecrets()
  }
}

function told(error: unknown, command: Command, screen: Screen): ExitCode {
  if (error instanceof UsageError) {
    screen.fail('USAGE', screen.text(error.text))
    if (!screen.json) screen.note(`kepctl ${command.name} ${command.usage}`)
    return 2
  }
  if (error instanceof ConfigError) {
    for (const fault of error.faults) screen.fail('CONFIG', faultText(fault))
    return 1
  }
  if (error instanceof DataFolderLocked) {
    const by = error.pid === undefined ? '' : ` (pid ${error.pid})`
    screen.fail(
      'LOCKED',
      screen.text({
        tr: `veri klasörü başka bir süreç tarafından kullanılıyor${by}: bu komut hizmet dururken verilir, ya da o süreç yanıt vermiyor`,
        en: `another process uses the data folder${by}: this command is for a stopped daemon, or that process does not answer`,
      }),
    )
    return 1
  }
  const refusal =
    error instanceof Refused || error instanceof ControlRefusal || error instanceof StoreError
      ? { code: error.code, message: error.message }
      : error instanceof KeyError
        ? keyRefusal(error, screen)
        : (fileRefusal(error, screen) ?? refusalOf(error))
  if (refusal?.code === 'BAD_ARGUMENTS') {
    screen.fail(refusal.code, refusal.message)
    return 2
  }
  const shown = refusal && operationRefusal(refusal, screen)
  screen.fail(shown?.code ?? 'FAILED', shown?.message ?? messageOf(error))
  return 1
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function overview(screen: Screen): string[] {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return [
    screen.text({
      tr: 'kepctl KOMUT … [--json] [--data KLASÖR] [--config DOSYA] [--help]',
      en: 'kepctl COMMAND … [--json] [--data DIR] [--config FILE] [--help]',
    }),
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${screen.text(summary)}`),
  ]
}

const helpOf = (command: Command, screen: Screen): string[] => [
  `kepctl ${command.name} ${command.usage}`,
  '',
  screen.text(command.summary),
  ...(command.notes ?? []).map((note) => screen.text(note)),
]

function helped(command: Command, screen: Screen): ExitCode {
  for (const line of helpOf(command, screen)) process.stdout.write(`${line}\n`)
  return 0
}
