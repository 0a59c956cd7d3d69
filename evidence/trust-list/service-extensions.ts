/** What narrows a service on a trusted list. [TS 119 612 §5.5.9] */
import { childNamed, childrenNamed, elementsOf, is, textOf, type XmlElement } from '../xml/tree.ts'

const NAMESPACE = 'http://uri.etsi.org/02231/v2#'
const MORE_TYPES = 'http://uri.etsi.org/02231/v2/additionaltypes#'
const ADDITIONAL = 'http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/'

/** What certificates of the service are for. */
export type ServiceUse = 'ForeSignatures' | 'ForeSeals' | 'ForWebSiteAuthentication'

const USES: ReadonlyMap<string, ServiceUse> = new Map(
  (['ForeSignatures', 'ForeSeals', 'ForWebSiteAuthentication'] as const).map((use) => [
    ADDITIONAL + use,
    use,
  ]),
)
/** That the certificate is the service's root says nothing about for what it is. [TS 119 612 §5.5.9.4] */
const ROOT = `${ADDITIONAL}RootCA-QC`

export interface ServiceScope {
  /** Empty: the service is not narrowed. */
  readonly uses: readonly ServiceUse[]
  /** False where a critical extension says what is not read here: then it is not known what was approved. */
  readonly isUnderstood: boolean
}

export function scopeOf(entry: XmlElement): ServiceScope {
  const wrapper = childNamed(entry, NAMESPACE, 'ServiceInformationExtensions')
  const uses: ServiceUse[] = []
  let isUnderstood = true
  for (const extension of wrapper === undefined ? [] : childrenNamed(wrapper, NAMESPACE, 'Extension')) {
    const parts = elementsOf(extension)
    for (const part of parts) uses.push(...usesOf(part))
    if (isCritical(extension) && (parts.length === 0 || !parts.every(isKnown))) isUnderstood = false
  }
  return { uses, isUnderstood }
}

/** What does not say that it is not. */
const isCritical = ({ attributes }: XmlElement): boolean => {
  const written = attributes.find(({ local, namespace }) => local === 'Critical' && namespace === '')?.value
  return written !== 'false' && written !== '0'
}

/** Who took the service over, and since when status of expired certificates is kept, narrow nothing. */
const isKnown = (part: XmlElement): boolean => {
  if (is(part, NAMESPACE, 'ExpiredCertsRevocationInfo') || is(part, MORE_TYPES, 'TakenOverBy')) return true
  const uri = additionalUri(part)
  return uri !== undefined && (USES.has(uri) || uri === ROOT)
}

const usesOf = (part: XmlElement): ServiceUse[] => {
  const use = USES.get(additionalUri(part) ?? '')
  return use === undefined ? [] : [use]
}

function additionalUri(part: XmlElement): string | undefined {
  if (!is(part, NAMESPACE, 'AdditionalServiceInformation')) return undefined
  const uri = childNamed(part, NAMESPACE, 'URI')
  return uri && textOf(uri).trim()
}
