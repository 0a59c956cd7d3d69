import type { Config } from '../../config/schema.ts'
import { type Fault, textOf } from './certificate-check.ts'

/**
 * That what is acknowledged is on two disks in production, and that keys and addresses can be read, by their owner alone.
 * What a key holds is looked at when the store is opened.
 */
export async function checkStorage(
  { storage, mode }: Config,
  fault: Fault,
  isOpenToOthers: (file: string) => Promise<boolean>,
): Promise<void> {
  const { mongodb, mongodbFile, replica, keys } = storage
  const production = mode === 'production'
  if (production && mongodb === undefined && mongodbFile === undefined && replica === undefined)
    fault(
      'storage.replica',
      'one disk is one disk: name a folder on another one, or MongoDB; or say none, and mail is lost with the disk',
    )
  if (production && mongodb !== undefined && /^mongodb(?:\+srv)?:\/\/[^/@]*:[^/@]*@/.test(mongodb))
    fault('storage.mongodb', 'it holds a password: put the address into a file and name that in mongodbFile')
  const files = [
    ...(mongodbFile === undefined ? [] : [['storage.mongodbFile', mongodbFile] as const]),
    ...keys.flatMap((key, i) => ('file' in key ? [[`storage.keys.${i}.file`, key.file] as const] : [])),
  ]
  for (const [path, file] of files) {
    const text = await textOf(file, path, fault)
    if (text !== undefined && production && (await isOpenToOthers(file)))
      fault(path, `${file} can be read by others than its owner: chmod 600`)
  }
}
