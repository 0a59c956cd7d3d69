import { resolve } from 'node:path'
import type { Command } from './command.ts'
import { ask } from './reach.ts'

export const backupCommand: Command = {
  name: 'backup',
  usage: 'DIR',
  summary: {
    tr: 'her şeyi yeni bir klasöre yedekler; hizmet sürer',
    en: 'writes everything into a new folder, while mail goes on',
  },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const made = await ask(args, screen, 'backup', { folder: resolve(args.word(0)) })
    const records = Object.values(made.counts).reduce((sum, count) => sum + count, 0)
    screen.show(made, () => [
      screen.text({ tr: `Yedeklendi: ${made.folder}`, en: `Backed up: ${made.folder}` }),
      screen.text({
        tr: `  ${records} kayıt, gövdeler ${made.octets} sekizli`,
        en: `  ${records} records, ${made.octets} octets of bodies`,
      }),
      made.sealedUnder === undefined
        ? screen.text({ tr: '  ŞİFRESİZ', en: '  NOT ENCRYPTED' })
        : screen.text({
            tr: `  ${made.sealedUnder} anahtarıyla şifreli`,
            en: `  encrypted under the key ${made.sealedUnder}`,
          }),
    ])
    return 0
  },
}
