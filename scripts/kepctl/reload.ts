import type { Command } from './command.ts'
import { ask } from './reach.ts'

export const reloadCommand: Command = {
  name: 'reload',
  usage: '',
  summary: {
    tr: 'çalışan hizmete ayarlarını yeniden okutur',
    en: 'makes the running daemon read its configuration anew',
  },
  options: {},
  positionals: [0, 0],
  async run(args, screen) {
    const { needsRestart } = await ask(args, screen, 'reload', {})
    screen.show({ needsRestart }, () => [
      screen.text({ tr: 'Yeniden okundu', en: 'Reloaded' }),
      ...(needsRestart.length === 0
        ? []
        : [
            `${screen.text({ tr: 'Yeniden başlatma gerektirenler', en: 'Needs a restart' })}: ${needsRestart.join(', ')}`,
          ]),
    ])
    return 0
  },
}
