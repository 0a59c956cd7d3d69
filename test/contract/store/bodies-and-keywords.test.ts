import { describe, expect, test } from 'vitest'
import { message } from './material.ts'
import { stores } from './stores.ts'

describe.each(stores)('$name: where a body lies, and keywords that stay', ({ open }) => {
  test('messages of a body are found in every mailbox of the account, and in no other account', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b, other] = [
      await mailboxes.create('u', 'A', {}),
      await mailboxes.create('u', 'B', {}),
      await mailboxes.create('v', 'A', {}),
    ]
    const given = await message(under.store, 'same')
    const { hash } = given.body
    await mailboxes.append(a.id, given)
    await mailboxes.append(other.id, await message(under.store, 'same'))
    await mailboxes.append(a.id, await message(under.store, 'different'))
    const places = async () =>
      (await mailboxes.ofBody('u', hash)).map(({ mailbox, row }) => `${mailbox}/${row.uid}`).sort()
    expect(await places()).toEqual([`${a.id}/1`])
    await mailboxes.copy(a.id, [1], b.id, 1)
    await mailboxes.move(a.id, [1], b.id, 1)
    expect(await places()).toEqual([`${b.id}/1`, `${b.id}/2`])
    await mailboxes.store(b.id, [1], { mode: 'add', flags: ['\\Deleted', 'x'] })
    await mailboxes.expunge(b.id, [1])
    expect(await places()).toEqual([`${b.id}/2`])
    expect((await mailboxes.ofBody('u', hash))[0]?.row).toEqual((await mailboxes.rows(b.id, [2]))[0])
    await mailboxes.delete(b.id)
    expect(await mailboxes.ofBody('u', hash)).toEqual([])
    expect(await mailboxes.ofBody('u', '0'.repeat(64))).toEqual([])
  })

  test('keywords that are kept are neither set nor cleared, by whatever mode', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const { id } = await mailboxes.create('u', 'A', {})
    await mailboxes.append(id, await message(under.store, '1', { flags: ['\\Seen', '$KEPRead', 'mine'] }))
    const change = async (mode: 'add' | 'remove' | 'replace', ...flags: string[]) => {
      const { changed } = await mailboxes.store(id, [1], { mode, flags, kept: ['$kep'] })
      return changed[0]?.flags.toSorted()
    }
    const { modseq } = (await mailboxes.head(id))!
    expect(await change('add', '$KEPDelivered')).toEqual(['$KEPRead', '\\Seen', 'mine'])
    expect(await change('remove', '$kepread')).toEqual(['$KEPRead', '\\Seen', 'mine'])
    expect(await change('replace', '\\Seen', 'mine', '$KEPFailed')).toEqual(['$KEPRead', '\\Seen', 'mine'])
    expect((await mailboxes.head(id))?.modseq).toBe(modseq)
    expect(await change('replace', 'yours')).toEqual(['$KEPRead', 'yours'])
    expect(await change('replace')).toEqual(['$KEPRead'])
    const { changed } = await mailboxes.store(id, [1], { mode: 'replace', flags: [] })
    expect(changed[0]?.flags).toEqual([])
  })

  test('\\Deleted may be kept as it is, and left behind by a copy', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = [await mailboxes.create('u', 'A', {}), await mailboxes.create('u', 'B', {})]
    await mailboxes.append(a.id, await message(under.store, '1', { flags: ['\\Seen', '\\Deleted'] }))
    await mailboxes.append(a.id, await message(under.store, '2', { flags: [] }))
    const change = async (mode: 'add' | 'remove' | 'replace', unseen?: true) => {
      const flags = ['\\Deleted', '\\Flagged']
      await mailboxes.store(a.id, [1, 2], { mode, flags, kept: ['\\deleted'], ...(unseen && { unseen }) })
      return (await mailboxes.rows(a.id, [1, 2])).map((row) => row.flags.toSorted())
    }
    expect(await change('add')).toEqual([['\\Deleted', '\\Flagged', '\\Seen'], ['\\Flagged']])
    expect(await change('remove', true)).toEqual([['\\Deleted', '\\Seen'], []])
    expect(await change('add', true)).toEqual([['\\Deleted', '\\Flagged', '\\Seen'], ['\\Flagged']])
    expect(await change('replace')).toEqual([['\\Deleted', '\\Flagged'], ['\\Flagged']])
    expect(await mailboxes.head(a.id)).toMatchObject({ deleted: 1, unseen: 2 })
    await mailboxes.copy(a.id, [1, 2], b.id, 1, { lost: ['\\Deleted'], gained: [] })
    await mailboxes.copy(a.id, [1], b.id, 1)
    const copies = await mailboxes.rows(b.id, [1, 2, 3])
    expect(copies.map((row) => row.flags.toSorted())).toEqual([
      ['\\Flagged'],
      ['\\Flagged'],
      ['\\Deleted', '\\Flagged'],
    ])
    expect(await mailboxes.head(b.id)).toMatchObject({ deleted: 1, unseen: 3 })
  })

  test('flags are lost and gained on the way, by COPY and by MOVE', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const [a, b] = [await mailboxes.create('u', 'A', {}), await mailboxes.create('u', 'B', {})]
    const flags = ['\\Seen', '$KEPFrom-Mold', 'benim']
    for (const op of ['1', '2']) await mailboxes.append(a.id, await message(under.store, op, { flags }))
    const change = { lost: ['\\seen', '$kepfrom-'], gained: ['$KEPFrom-Mnew', 'BENIM', '\\Flagged'] }
    await mailboxes.copy(a.id, [1], b.id, 1, change)
    await mailboxes.move(a.id, [1], b.id, 1, change)
    const there = ['$KEPFrom-Mnew', '\\Flagged', 'benim']
    expect((await mailboxes.rows(b.id, [1, 2])).map((row) => row.flags.toSorted())).toEqual([there, there])
    expect((await mailboxes.rows(a.id, [2])).map((row) => row.flags)).toEqual([flags])
    expect(await mailboxes.head(b.id)).toMatchObject({ exists: 2, unseen: 2 })
    await mailboxes.move(b.id, [1], a.id, 1, { lost: ['$KEPFrom-'], gained: ['\\Seen', '\\Deleted'] })
    expect(await mailboxes.head(a.id)).toMatchObject({ exists: 2, unseen: 0, deleted: 1 })
    expect(await mailboxes.head(b.id)).toMatchObject({ exists: 1, unseen: 1 })
  })

  test('a mailbox that is touched has a higher modseq, and nothing in it changed', async () => {
    await using under = await open()
    const { mailboxes } = under.store
    const { id } = await mailboxes.create('u', 'A', {})
    await mailboxes.append(id, await message(under.store, '1'))
    const before = (await mailboxes.head(id))!
    await mailboxes.touch(id)
    expect(await mailboxes.head(id)).toEqual({ ...before, modseq: before.modseq + 1 })
    expect(await mailboxes.changes(id, before.modseq, 9)).toEqual({
      modseq: before.modseq + 1,
      changed: [],
      vanished: [],
    })
    await mailboxes.store(id, [1], { mode: 'add', flags: ['\\Seen'] })
    expect((await mailboxes.changes(id, before.modseq, 9)).changed).toMatchObject([
      { modseq: before.modseq + 2 },
    ])
    await expect(mailboxes.touch('999')).rejects.toMatchObject({ code: 'NO_SUCH_MAILBOX' })
  })

  test('documents of both kinds travel with a copy', async () => {
    await using under = await open()
    await under.store.filed.put('a', '1', 0)
    await under.store.annotations.put('b', '2', 0)
    const found: string[] = []
    for await (const record of under.store.copy.records())
      if (record.kind === 'document') found.push(`${record.collection} ${record.key} ${record.document}`)
    expect(found.sort()).toEqual(['annotation b 2', 'filed a 1'])
  })
})
