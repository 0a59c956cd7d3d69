import type { DocumentStore, Store } from '../../storage/port.ts'
import { Crashed, type Crasher } from './memory-store/documents.ts'

/**
 * A store as a process sees it that may die after any of its writes to documents, intakes and leases; nothing works after
 * that. What was written stays, for the next process.
 */
export function dyingStore(store: Store, crasher: Crasher): Store {
  let end: Crashed | undefined
  const write = async <T>(act: () => Promise<T>): Promise<T> => {
    if (end !== undefined) throw end
    const answer = await act()
    try {
      crasher()
    } catch (error) {
      end = error instanceof Crashed ? error : new Crashed(String(error))
    }
    if (end !== undefined) throw end
    return answer
  }
  const read = async <T>(act: () => Promise<T>): Promise<T> => {
    if (end !== undefined) throw end
    return act()
  }
  const documents = (of: DocumentStore): DocumentStore => ({
    get: (key) => read(() => of.get(key)),
    list: (after, limit) => read(() => of.list(after, limit)),
    put: (key, document, expected) => write(() => of.put(key, document, expected)),
    remove: (key, expected) => write(() => of.remove(key, expected)),
  })
  return {
    ...store,
    purses: documents(store.purses),
    reservations: documents(store.reservations),
    ledger: documents(store.ledger),
    accept: (intake) => write(() => store.accept(intake)),
    intake: (id) => read(() => store.intake(id)),
    voidIntake: (id) => write(() => store.voidIntake(id)),
    chain: {
      ...store.chain,
      lease: (name, owner, now, ms) => write(() => store.chain.lease(name, owner, now, ms)),
    },
  }
}
