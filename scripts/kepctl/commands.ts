import { accountCommands } from './accounts.ts'
import { archiveCommands } from './archive.ts'
import { backupCommand } from './backup.ts'
import { clientSetupCommand } from './client-setup/command.ts'
import type { Command } from './command.ts'
import { configCheckCommand } from './config.ts'
import { creditCommands } from './credit.ts'
import { directoryCommands } from './directory.ts'
import { evidenceCommands } from './evidence.ts'
import { holdCommands } from './holds.ts'
import { logListCommand } from './log.ts'
import { migrateStoreCommand } from './migrate-store.ts'
import { peerCommands } from './peers.ts'
import { personCommands } from './persons.ts'
import { queueCommands } from './queue.ts'
import { reloadCommand } from './reload.ts'
import { restoreCommand } from './restore.ts'
import { sendCommand } from './send.ts'
import { signCommand } from './sign.ts'
import { traceCommand } from './trace.ts'
import { verifyCommand } from './verify.ts'

export const commands: readonly Command[] = [
  ...accountCommands,
  ...personCommands,
  logListCommand,
  ...creditCommands,
  ...directoryCommands,
  sendCommand,
  signCommand,
  traceCommand,
  verifyCommand,
  ...evidenceCommands,
  ...peerCommands,
  ...queueCommands,
  ...archiveCommands,
  ...holdCommands,
  backupCommand,
  restoreCommand,
  migrateStoreCommand,
  configCheckCommand,
  clientSetupCommand,
  reloadCommand,
]
