/**
 * Writes a delil as text that already is its own exclusive canonical form, so that signing hashes it without parsing
 * anything: namespace declarations first and only where used, attributes in order, no white space between elements,
 * no empty-element tags. [XML Exc-C14N §3]
 */

import { DS } from '../xades/algorithms.ts'
import { escapeAttribute, escapeText, replaceIllegal } from '../xml/characters.ts'
import type { Authentication, EntityDetails, EvidenceDraft, Extension, MessageDetails } from './draft.ts'
import { EVIDENCE_NAMESPACE } from './roots.ts'

/** The document in two halves: the signature goes between them, as the last child of the root. */
export interface EvidenceText {
  readonly head: string
  readonly tail: string
}

export function writeEvidence(draft: EvidenceDraft): EvidenceText {
  const { delegates = [], transactionLog = [] } = draft
  const head = [
    `<${draft.root} xmlns="${EVIDENCE_NAMESPACE}" Id="${attribute(draft.id)}" version="${attribute(draft.version)}">`,
    element('EventCode', draft.eventCode),
    wrap('EventReasons', draft.reasons.map(reason)),
    element('EvidenceIdentifier', draft.id),
    wrap(
      'EvidenceIssuerPolicyID',
      draft.policyIds.map((id) => element('PolicyID', id)),
    ),
    entity('EvidenceIssuerDetails', draft.issuer),
    authentication('SenderAuthenticationDetails', draft.senderAuthentication),
    authentication('RecipientAuthenticationDetails', draft.recipientAuthentication),
    element('EventTime', draft.eventTime),
    optional('SubmissionTime', draft.submissionTime),
    draft.replyTo === undefined ? '' : address('ReplyToAddress', draft.replyTo, undefined),
    entity('SenderDetails', draft.sender),
    wrap(
      'RecipientsDetails',
      draft.recipients.map((recipient) => entity('EntityDetails', recipient)),
    ),
    wrap(
      'RecipientsDelegatesDetails',
      delegates.map(
        ({ delegate, recipients }) =>
          entity('DelegateDetails', delegate) + element('DelegatingRecipients', recipients.join(' ')),
      ),
    ),
    optional('EvidenceRefersToRecipient', draft.refersTo?.toString()),
    messageDetails('SenderMessageDetails', draft.message),
    draft.notification === undefined ? '' : messageDetails('NotificationMessageDetails', draft.notification),
    optional('ForwardedToExternalSystem', draft.forwardedTo),
    wrap(
      'TransactionLogInformation',
      transactionLog.map((line) => element('TransactionLog', line)),
    ),
    wrap('Extensions', draft.extensions.map(extension)),
  ]
  return { head: head.join(''), tail: `</${draft.root}>` }
}

const text = (value: string): string => escapeText(replaceIllegal(value))
const attribute = (value: string): string => escapeAttribute(replaceIllegal(value))
const element = (name: string, value: string): string => `<${name}>${text(value)}</${name}>`
const optional = (name: string, value: string | undefined): string =>
  value === undefined ? '' : element(name, value)

/** Nothing at all where there is no entry: the schema has no empty lists. */
const wrap = (name: string, entries: readonly string[]): string =>
  entries.length === 0 ? '' : `<${name}>${entries.join('')}</${name}>`

const reason = ({ code, details }: { code: string; details?: string }): string =>
  `<EventReason>${element('Code', code)}${optional('Details', details)}</EventReason>`

function entity(name: string, { names = [], language, addresses, displayName }: EntityDetails): string {
  const lang = language === undefined ? '' : ` xml:lang="${attribute(language)}"`
  const written = names.map((entry) => element('Name', entry)).join('')
  const postal =
    names.length === 0
      ? ''
      : `<NamesPostalAddresses><NamePostalAddress><EntityName${lang}>${written}</EntityName></NamePostalAddress></NamesPostalAddresses>`
  const mail = addresses.map((entry) => address('AttributedElectronicAddress', entry, displayName))
  return `<${name}>${postal}${mail.join('')}</${name}>`
}

/** A bare address beside its scheme, not a mailto: URI. */
function address(name: string, value: string, displayName: string | undefined): string {
  const shown = displayName === undefined ? '' : ` DisplayName="${attribute(displayName)}"`
  return `<${name}${shown} scheme="mailto">${text(value)}</${name}>`
}

function authentication(name: string, details: Authentication | undefined): string {
  if (details === undefined) return ''
  const { time, method, additional } = details
  return `<${name}>${element('AuthenticationTime', time)}${element('AuthenticationMethod', method)}${optional('AdditionalDetails', additional)}</${name}>`
}

function messageDetails(name: string, details: MessageDetails): string {
  return [
    `<${name} isNotification="${details.isNotification}">`,
    element('MessageSubject', details.subject),
    optional('UAMessageIdentifier', details.uaMessageId),
    element('MessageIdentifierByREMMD', details.remmdMessageId),
    `<ds:DigestMethod xmlns:ds="${DS}" Algorithm="${attribute(details.digestMethod)}"></ds:DigestMethod>`,
    `<ds:DigestValue xmlns:ds="${DS}">${text(details.digestValue)}</ds:DigestValue>`,
    `</${name}>`,
  ].join('')
}

function extension({ namespace, name, critical, fields }: Extension): string {
  const inner = fields.map((field) => element(field.name, field.value)).join('')
  return `<Extension isCritical="${critical}"><${name} xmlns="${attribute(namespace)}">${inner}</${name}></Extension>`
}
