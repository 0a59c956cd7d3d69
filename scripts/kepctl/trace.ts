import { OUTCOMES, REASONS } from '../../evidence/index.ts'
import type { Trace } from '../../server/ops/operations/trace.ts'
import type { Command } from './command.ts'
import { ask } from './reach.ts'
import { type Screen, shownTime } from './screen.ts'

export const traceCommand: Command = {
  name: 'trace',
  usage: 'ID',
  summary: {
    tr: 'bir iletinin, delilin ya da kaydın bütün hikâyesi',
    en: 'the whole story of a message, by message, evidence or intake id',
  },
  options: {},
  positionals: [1, 1],
  async run(args, screen) {
    const { messages } = await ask(args, screen, 'trace', { id: args.word(0) })
    screen.show(messages, () => messages.flatMap((message) => linesOf(message, screen)))
    return 0
  },
}

function linesOf(trace: Trace, screen: Screen): string[] {
  const label = (tr: string, en: string): string => screen.text({ tr, en })
  const step = (name: string): string => {
    if (name === 'accepted') return label('kabul edildi', 'accepted')
    if (name === 'refused') return label('reddedildi', 'refused')
    if (name === 'signer-revoked-before')
      return label(
        'imzalayanın sertifikası kabulden önce iptal edilmiş (sonradan öğrenildi)',
        'the signer’s certificate had been revoked before the acceptance, as was told later',
      )
    return OUTCOMES.find((outcome) => outcome.name === name)?.[screen.language] ?? name
  }
  const on = (recipient: number | undefined): string =>
    recipient === undefined ? '' : `  ${trace.recipients[recipient - 1]?.address ?? recipient}`
  return [
    `${trace.messageId}  (${trace.id})`,
    ...(trace.userMessageId === undefined
      ? []
      : [`${label('Kullanıcının ileti kimliği', 'User’s message id')}: ${trace.userMessageId}`]),
    `${label('Gönderen', 'Sender')}: ${trace.sender.address}` +
      (trace.sender.person === undefined ? '' : ` / ${trace.sender.person}`) +
      (trace.peer === undefined ? '' : `, ${trace.peer}`) +
      (trace.signer === undefined ? '' : `, ${label('imzalayan', 'signed by')} ${trace.signer}`),
    ...(trace.transport === undefined
      ? []
      : [
          `${label('Geliş', 'Came by')}: ${trace.transport.ip}, ${trace.transport.tls}, ${trace.transport.identity}; ${trace.transport.authentication}`,
          `${label('Kullanıcı imzası', 'User’s signature')}: ${trace.userSignature ?? ''}`,
        ]),
    `${label('Durum', 'State')}: ${STATES[trace.state][screen.language]}`,
    ...trace.timeline.map(
      ({ at, step: name, recipient, evidence, provider, reason, served }) =>
        `  ${shownTime(at)}  ${step(name)}${reason === undefined ? '' : ` (${REASONS.find((one) => one.name === reason)?.[screen.language] ?? reason})`}${on(recipient)}${evidence === undefined ? '' : `  <${evidence}>`}` +
        `${provider === undefined ? '' : `  ${provider}`}` +
        `${served === undefined ? '' : `  ${label('tebliğ edilmiş sayılma', 'served at the end of')} ${served.day}`}`,
    ),
    ...trace.recipients
      .filter(({ contradicted }) => contradicted)
      .map(
        ({ address }) =>
          `  ${address}: ${label('alıcının KEPHS’si kesin sonuçtan farklı bir delil gönderdi', 'the peer said otherwise than the final outcome')}`,
      ),
    ...trace.waiting.map(
      ({ state, kind, slot, recipient, due, attempts, error, queue, uncertain }) =>
        `  ${state === 'held' ? label('DURDU', 'HELD') : label('bekliyor', 'waits')}: ${queue ?? `${kind}/${slot}`}` +
        `${on(recipient === 0 ? undefined : recipient)}  ${label('zamanı', 'due')} ${shownTime(due)}` +
        `${attempts === 0 ? '' : `  ${attempts} ${label('deneme', 'attempts')}`}${uncertain === undefined ? '' : `  ${label('belirsiz', 'uncertain')}`}${error === undefined ? '' : `: ${error}`}`,
    ),
    ...(trace.truncated ? [label('  (kısaltıldı)', '  (cut off)')] : []),
    '',
  ]
}

const STATES = {
  refused: { tr: 'reddedildi', en: 'refused' },
  accepted: { tr: 'sürüyor', en: 'in progress' },
  finished: { tr: 'bitti', en: 'finished' },
} as const
