import type { Findings } from '../findings.ts'
import type { Machine } from '../machines.ts'

interface LogLine {
  readonly event?: string
  readonly where?: string
  readonly error?: { readonly name?: string; readonly message?: string; readonly stack?: string } | string
}

/** Internal errors by kind. An unavailable store is what a faulted database looks like; of everything else there should be none. */
export function checkLogs(machines: readonly Machine[], findings: Findings): Record<string, number> {
  const kinds: Record<string, number> = {}
  for (const { name, logs } of machines)
    for (const line of logs.join('\n').split('\n')) {
      if (!line.includes('"event":"internal-error"')) continue
      const { where, error }: LogLine = JSON.parse(line)
      const { name: kind = '', message = '' } = typeof error === 'object' ? error : {}
      const isExpected = isUnavailable(kind, message)
      const key = `${where} ${kind}${isExpected ? ' UNAVAILABLE' : ''}`
      kinds[key] = (kinds[key] ?? 0) + 1
      findings.expect(isExpected, 'unexpectedErrors', () => `${name} ${where} ${kind}: ${message}`)
    }
  return kinds
}

/** As the store says it: the code does not come into the log. */
const isUnavailable = (kind: string, message: string): boolean =>
  kind === 'StoreError' && (message.startsWith('MongoDB: ') || message.startsWith('another process appends'))
