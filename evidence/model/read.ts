/**
 * Reads a delil back from its XML tree, ours or another provider's. Only a tree whose signature was verified gives
 * facts: callers get fields from the verifier, which hands out exactly the tree that it checked.
 */
import { DS } from '../xades/algorithms.ts'
import {
  attributeOf,
  childNamed,
  childrenNamed,
  deepTextOf,
  elementsOf,
  onlyChild,
  textOf,
  type XmlElement,
  XmlError,
} from '../xml/tree.ts'
import type { Authentication, EntityDetails, EventReason, MessageDetails } from './draft.ts'
import { EVIDENCE_NAMESPACE, type EvidenceRoot, isEvidenceRoot } from './roots.ts'

/** What evidence says, in values; absent fields stay absent. Digest fields may be '' in foreign evidence. */
export interface EvidenceFields {
  readonly root: EvidenceRoot
  readonly version: string
  readonly id: string
  readonly eventCode: string
  readonly reasons: readonly EventReason[]
  readonly policyIds: readonly string[]
  readonly issuer: EntityDetails
  readonly senderAuthentication: Authentication | undefined
  readonly recipientAuthentication: Authentication | undefined
  readonly eventTime: string
  readonly submissionTime: string | undefined
  readonly replyTo: string | undefined
  readonly sender: EntityDetails
  readonly recipients: readonly EntityDetails[]
  readonly delegates: readonly { readonly delegate: EntityDetails; readonly recipients: readonly number[] }[]
  readonly refersTo: number | undefined
  readonly message: MessageDetails | undefined
  readonly notification: MessageDetails | undefined
  readonly transactionLog: readonly string[]
  /** Local name, namespace and text fields of each extension. */
  readonly extensions: readonly {
    readonly namespace: string
    readonly name: string
    readonly critical: boolean
    readonly fields: readonly { readonly name: string; readonly value: string }[]
  }[]
}

/** @throws XmlError UNEXPECTED where the tree is no REM evidence */
export function readEvidence(root: XmlElement): EvidenceFields {
  if (root.namespace !== EVIDENCE_NAMESPACE || !isEvidenceRoot(root.local))
    throw new XmlError('UNEXPECTED', 'the root element is no REM evidence')
  const message = child(root, 'SenderMessageDetails')
  const notification = child(root, 'NotificationMessageDetails')
  const replyTo = child(root, 'ReplyToAddress') ?? child(root, 'ReplyTo')
  return {
    root: root.local,
    version: attributeOf(root, 'version') ?? '',
    id: required(root, 'EvidenceIdentifier'),
    eventCode: optional(root, 'EventCode') ?? '',
    reasons: listIn(root, 'EventReasons', 'EventReason').map(reason),
    policyIds: listIn(root, 'EvidenceIssuerPolicyID', 'PolicyID').map(textOf),
    issuer: entity(onlyChild(root, EVIDENCE_NAMESPACE, 'EvidenceIssuerDetails')),
    senderAuthentication: authentication(child(root, 'SenderAuthenticationDetails')),
    recipientAuthentication: authentication(child(root, 'RecipientAuthenticationDetails')),
    eventTime: required(root, 'EventTime'),
    submissionTime: optional(root, 'SubmissionTime'),
    replyTo: replyTo === undefined ? undefined : textOf(replyTo).trim(),
    sender: entity(onlyChild(root, EVIDENCE_NAMESPACE, 'SenderDetails')),
    recipients: listIn(root, 'RecipientsDetails', 'EntityDetails').map(entity),
    delegates: delegates(root),
    refersTo: integer(optional(root, 'EvidenceRefersToRecipient')),
    message: message === undefined ? undefined : messageDetails(message),
    notification: notification === undefined ? undefined : messageDetails(notification),
    transactionLog: listIn(root, 'TransactionLogInformation', 'TransactionLog').map(deepTextOf),
    extensions: listIn(root, 'Extensions', 'Extension').flatMap(extension),
  }
}

const child = (element: XmlElement, local: string): XmlElement | undefined =>
  childNamed(element, EVIDENCE_NAMESPACE, local)

const optional = (element: XmlElement, local: string): string | undefined => {
  const found = child(element, local)
  return found === undefined ? undefined : textOf(found).trim()
}

const required = (element: XmlElement, local: string): string =>
  textOf(onlyChild(element, EVIDENCE_NAMESPACE, local)).trim()

const listIn = (element: XmlElement, list: string, entry: string): XmlElement[] => {
  const found = child(element, list)
  return found === undefined ? [] : childrenNamed(found, EVIDENCE_NAMESPACE, entry)
}

function reason(element: XmlElement): EventReason {
  const details = optional(element, 'Details')
  return { code: required(element, 'Code'), ...(details === undefined ? {} : { details }) }
}

function entity(element: XmlElement): EntityDetails {
  const entities = listIn(element, 'NamesPostalAddresses', 'NamePostalAddress').flatMap((postal) =>
    childrenNamed(postal, EVIDENCE_NAMESPACE, 'EntityName'),
  )
  const names = entities.flatMap((name) => childrenNamed(name, EVIDENCE_NAMESPACE, 'Name').map(textOf))
  const language = entities[0]?.attributes.find(
    ({ prefix, local }) => prefix === 'xml' && local === 'lang',
  )?.value
  // tsl:ElectronicAddress of version 1 holds URIs inside; the attributed form holds the bare address.
  const mail = elementsOf(element).filter(
    ({ local }) => local === 'AttributedElectronicAddress' || local === 'ElectronicAddress',
  )
  const displayName = mail
    .map((entry) => attributeOf(entry, 'DisplayName'))
    .find((name) => name !== undefined)
  return {
    ...(names.length === 0 ? {} : { names }),
    ...(language === undefined ? {} : { language }),
    addresses: mail.map((entry) =>
      deepTextOf(entry)
        .trim()
        .replace(/^mailto:/i, ''),
    ),
    ...(displayName === undefined ? {} : { displayName }),
  }
}

/** A SAML assertion instead of time and method is shown as such; its statements are not read. */
function authentication(element: XmlElement | undefined): Authentication | undefined {
  if (element === undefined) return undefined
  const additional = child(element, 'AdditionalDetails')
  return {
    time: optional(element, 'AuthenticationTime') ?? '',
    method: optional(element, 'AuthenticationMethod') ?? 'saml:Assertion',
    ...(additional === undefined ? {} : { additional: deepTextOf(additional) }),
  }
}

/** Pairs in sequence: DelegateDetails, DelegatingRecipients, and so on. */
function delegates(root: XmlElement): EvidenceFields['delegates'] {
  const list = child(root, 'RecipientsDelegatesDetails')
  if (list === undefined) return []
  const positions = childrenNamed(list, EVIDENCE_NAMESPACE, 'DelegatingRecipients')
  return childrenNamed(list, EVIDENCE_NAMESPACE, 'DelegateDetails').map((details, index) => ({
    delegate: entity(details),
    recipients: (positions[index] ? textOf(positions[index]) : '').split(/\s+/).filter(Boolean).map(Number),
  }))
}

function messageDetails(element: XmlElement): MessageDetails {
  const method = childNamed(element, DS, 'DigestMethod')
  const value = childNamed(element, DS, 'DigestValue')
  const uaMessageId = optional(element, 'UAMessageIdentifier')
  return {
    isNotification: ['true', '1'].includes(attributeOf(element, 'isNotification') ?? ''),
    subject: textOf(onlyChild(element, EVIDENCE_NAMESPACE, 'MessageSubject')),
    ...(uaMessageId === undefined ? {} : { uaMessageId }),
    remmdMessageId: required(element, 'MessageIdentifierByREMMD'),
    digestMethod: method === undefined ? '' : (attributeOf(method, 'Algorithm') ?? ''),
    digestValue: value === undefined ? '' : textOf(value).trim(),
  }
}

function extension(element: XmlElement): EvidenceFields['extensions'] {
  const critical = ['true', '1'].includes(attributeOf(element, 'isCritical') ?? '')
  return elementsOf(element).map((inner) => ({
    namespace: inner.namespace,
    name: inner.local,
    critical,
    fields: elementsOf(inner).map((field) => ({ name: field.local, value: deepTextOf(field) })),
  }))
}

const integer = (value: string | undefined): number | undefined =>
  value !== undefined && /^[0-9]{1,6}$/.test(value) ? Number(value) : undefined
