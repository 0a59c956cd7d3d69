import { turkishToAscii } from '../../mail/turkish-fold.ts'

/** As clocks on the wall show it, where its readers are. */
const shown = new Intl.DateTimeFormat('tr-TR', {
  timeZone: 'Europe/Istanbul',
  dateStyle: 'short',
  timeStyle: 'short',
})

/** Account and time alone: this is all that ever stands in a notice. */
export const noticeText = (template: string, { account, at }: { account: string; at: Date }): string =>
  filled(template, { hesap: account, zaman: shown.format(at) })

/** One text message of the alphabet that every telephone has, so that it costs one unit. [3GPP TS 23.038 §6.2.1] */
export const shortText = (template: string, about: { account: string; at: Date }): string =>
  turkishToAscii(noticeText(template, about))
    .replace(/[^\x20-\x7e\n]|[\^{}\\[\]~|`]/g, ' ')
    .slice(0, 160)

/** Puts values where their names stand, written as the form wants them; what a value holds is not looked at again. */
export const filled = (
  template: string,
  values: Readonly<Record<string, string>>,
  written: (value: string) => string = (value) => value,
): string =>
  template.replace(/\{([a-z]+)\}/g, (whole, name: string) =>
    Object.hasOwn(values, name) ? written(values[name] ?? '') : whole,
  )
