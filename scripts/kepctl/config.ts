import { resolve } from 'node:path'
import { ConfigError, type ConfigFault, developmentFile, faultText, loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { checkConfig } from '../../server/ops/config-check.ts'
import type { Arguments } from './arguments.ts'
import type { Command } from './command.ts'
import { configOf } from './reach.ts'

export const configCheckCommand: Command = {
  name: 'config check',
  usage: '[--config FILE]',
  summary: { tr: 'ayar dosyasının bütün kusurlarını söyler', en: 'tells every fault of a configuration' },
  options: {},
  positionals: [0, 0],
  async run(args, screen) {
    const file = args.config ?? developmentFile
    const notices: ConfigFault[] = []
    const faults = await faultsOf(args, file, (notice) => notices.push(notice))
    const noticed = screen.text({ tr: 'uyarı', en: 'notice' })
    screen.show({ ok: faults.length === 0, file, faults, notices }, () => [
      ...notices.map((notice) => `${noticed}: ${faultText(notice)}`),
      ...(faults.length === 0
        ? [`${file}: ${screen.text({ tr: 'kusursuz', en: 'no fault' })}`]
        : faults.map(faultText)),
    ])
    return faults.length === 0 ? 0 : 1
  },
}

/** Those of its form, or, once that is right, those of what it names. */
async function faultsOf(
  args: Arguments,
  file: string,
  onNotice: (notice: ConfigFault) => void,
): Promise<readonly ConfigFault[]> {
  let config: Config
  try {
    config = args.config === undefined ? configOf(args, resolve(args.data)) : loadConfig(file)
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return checkConfig(config, file, { onNotice })
}
