import { accountCommands } from './accounts.ts'
import { archiveCheckCommand } from './archive.ts'
import type { Command } from './command.ts'
import { configCheckCommand } from './config.ts'
import { creditCommands } from './credit.ts'
import { directoryCommands } from './directory.ts'
import { evidenceCommands } from './evidence.ts'
import { logListCommand } from './log.ts'
import { peerCommands } from './peers.ts'
import { personCommands } from './persons.ts'
import { queueCommands } from './queue.ts'
import { reloadCommand } from './reload.ts'
import { sendCommand } from './send.ts'
import { traceCommand } from './trace.ts'
import { verifyCommand } from './verify.ts'

export const commands: readonly Command[] = [
  ...accountCommands,
  ...personCommands,
  logListCommand,
  ...creditCommands,
  ...directoryCommands,
  sendCommand,
  traceCommand,
  verifyCommand,
  ...evidenceCommands,
  ...peerCommands,
  ...queueCommands,
  archiveCheckCommand,
  configCheckCommand,
  reloadCommand,
]
