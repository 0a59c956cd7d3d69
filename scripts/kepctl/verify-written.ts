/** What `kepctl verify` writes beside what it shows: the report as a page, and what was signed. */
import { open, rm } from 'node:fs/promises'
import type { FileReport } from '../../evidence/index.ts'
import { Refused } from './command.ts'
import type { Screen } from './screen.ts'

/** What is there already is never written over. */
export async function writeNew(
  file: string,
  content: string | readonly Uint8Array[],
  screen: Screen,
): Promise<void> {
  const target = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
    throw new Refused('EXISTS', screen.text({ tr: `${file} zaten var`, en: `${file} is there already` }))
  })
  try {
    if (typeof content === 'string') await target.writeFile(content)
    else for (const piece of content) await target.writeFile(piece)
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await target.close()
  }
}

/** Only what a signature holds for leaves this program as what was signed. */
export async function writeContent(
  out: string,
  [report]: readonly FileReport[],
  content: readonly Uint8Array[],
  screen: Screen,
): Promise<void> {
  if (report?.content === undefined)
    throw new Refused(
      'NO_CONTENT',
      screen.text({
        tr: 'dosyanın içinde imzalanmış içerik yok; --content-out yalnız .p7m ve içeriğini taşıyan imzalı iletiler içindir',
        en: 'there is no signed content inside the file; --content-out is for .p7m and opaque signed messages',
      }),
    )
  if (report.verdict === 'TOTAL-PASSED') await writeNew(out, content, screen)
  else
    screen.note(
      screen.text({
        tr: `${out} yazılmadı: içerik doğrulanmadı`,
        en: `${out} was not written: its content did not pass`,
      }),
    )
}
