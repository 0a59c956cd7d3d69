import { accountMaySend } from './account-may-send.ts'
import type { Plugin } from './api.ts'
import { eTebligatSender } from './e-tebligat-sender.ts'
import { eYazismaPackage } from './e-yazisma-package.ts'
import { evidenceDelivery } from './evidence-delivery.ts'
import { evidenceNonDelivery } from './evidence-non-delivery.ts'
import { evidencePeerSilence } from './evidence-peer-silence.ts'
import { evidenceRelay } from './evidence-relay.ts'
import { evidenceRelayFailure } from './evidence-relay-failure.ts'
import { evidenceRetrieval } from './evidence-retrieval.ts'
import { evidenceRetrievalExpiration } from './evidence-retrieval-expiration.ts'
import { evidenceSubmissionAcceptance } from './evidence-submission-acceptance.ts'
import { evidenceSubmissionRejection } from './evidence-submission-rejection.ts'
import { headerForm } from './header-form.ts'
import { malwareClamd } from './malware-clamd.ts'
import { malwareRspamd } from './malware-rspamd.ts'
import { messageType } from './message-type.ts'
import { noAutomaticMail } from './no-automatic-mail.ts'
import { partiesMatch } from './parties-match.ts'
import { protectedHeaders } from './protected-headers.ts'
import { quota } from './quota.ts'
import { recipientsAreKep } from './recipients-are-kep.ts'
import { senderIsAccount } from './sender-is-account.ts'
import { signerOfAccount } from './signer-of-account.ts'
import { sizeLimit } from './size-limit.ts'
import { userCertificate } from './user-certificate.ts'
import { userSignature } from './user-signature.ts'
import { wireFormat } from './wire-format.ts'

/** Every plugin that a configuration can name. */
export const catalog: ReadonlyMap<string, Plugin> = new Map(
  [
    accountMaySend,
    senderIsAccount,
    recipientsAreKep,
    sizeLimit,
    quota,
    wireFormat,
    headerForm,
    noAutomaticMail,
    partiesMatch,
    userSignature,
    userCertificate,
    signerOfAccount,
    protectedHeaders,
    messageType,
    eYazismaPackage,
    eTebligatSender,
    malwareClamd,
    malwareRspamd,
    evidenceSubmissionAcceptance,
    evidenceSubmissionRejection,
    evidenceDelivery,
    evidenceNonDelivery,
    evidenceRetrieval,
    evidenceRetrievalExpiration,
    evidenceRelay,
    evidenceRelayFailure,
    evidencePeerSilence,
  ].map((plugin) => [plugin.name, plugin]),
)
