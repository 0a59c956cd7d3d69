/** Which fields an answer shows: those named, or all but those named. */
import { CommandError } from './command-error.ts'
import { type Doc, isDoc } from './document.ts'

export type Projection = (document: Doc) => Doc

export function projection(fields: Doc | undefined): Projection {
  const { _id: id, ...others } = fields ?? {}
  const paths = Object.entries(others)
  for (const [path, shown] of paths)
    if (!['number', 'boolean', 'bigint'].includes(typeof shown) || path.includes('$'))
      throw new CommandError(2, `this server projects fields by 1 and 0 only, not ${path}`)
  const included = paths.filter(([, shown]) => Boolean(Number(shown))).map(([path]) => path)
  if (included.length > 0 && included.length < paths.length)
    throw new CommandError(2, 'Cannot do exclusion in an inclusion projection')
  const withId = id === undefined || Boolean(Number(id))
  if (included.length > 0 || (paths.length === 0 && id !== undefined && withId)) {
    const tree = treeOf(withId ? ['_id', ...included] : included)
    return (document) => only(document, tree)
  }
  const excluded = paths.map(([path]) => path)
  if (excluded.length === 0 && withId) return (document) => document
  const tree = treeOf(withId ? excluded : ['_id', ...excluded])
  return (document) => without(document, tree)
}

/** A name leads to more names, or to true where all below is meant. */
interface Tree {
  [name: string]: Tree | true
}

function treeOf(paths: readonly string[]): Tree {
  const root: Tree = {}
  for (const path of paths) {
    const parts = path.split('.')
    let at = root
    for (const part of parts.slice(0, -1)) {
      const below = at[part] ?? {}
      if (below === true) throw new CommandError(2, `Path collision at ${path}`)
      at[part] = below
      at = below
    }
    at[parts.at(-1) ?? ''] = true
  }
  return root
}

function only(document: Doc, tree: Tree): Doc {
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(document)) {
    const below = tree[name]
    if (below === true) shown[name] = value
    else if (below !== undefined) {
      if (isDoc(value)) shown[name] = only(value, below)
      if (Array.isArray(value)) shown[name] = value.filter(isDoc).map((element) => only(element, below))
    }
  }
  return shown
}

function without(document: Doc, tree: Tree): Doc {
  const shown: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(document)) {
    const below = tree[name]
    if (below === true) continue
    if (below === undefined) shown[name] = value
    else if (isDoc(value)) shown[name] = without(value, below)
    else if (Array.isArray(value))
      shown[name] = value.map((element) => (isDoc(element) ? without(element, below) : element))
    else shown[name] = value
  }
  return shown
}
