/**
 * What gives a delil its force. This file is the room's only door: signatures of users are read and judged here,
 * evidence is drafted from a model, checked by rules, signed, time-stamped, chained and verified here, and nowhere
 * else in the house is a key or a certificate touched. [TS 102 640-2 §5] [RFC 5652 §5] [RFC 3161 §2]
 *
 * Failure modes: everything that reads foreign octets answers with a report or a typed error; nothing unsigned or
 * unstamped comes out of a signing function.
 */
export { checkChain, type StoredEntry } from './archive/check-chain.ts'
export { type ArchiveTimeStampChain, writeEvidenceRecord } from './archive/evidence-record.ts'
export { type HashPath, HashTree, nodeOf, reducedTree } from './archive/hash-tree.ts'
export { GENESIS, leafOf } from './archive/leaf.ts'
export {
  composeLongTerm,
  LongTermError,
  type LongTermFailure,
  type LongTermMaterial,
} from './archive/long-term-copy.ts'
export { positionOf, writePosition } from './archive/position.ts'
export { cmsRestsOn, type RestsOn, tokenEnds } from './archive/rests-on.ts'
export { objectDigests } from './archive/verify-record.ts'
export { signAround, signDetached, signEnclosed } from './cms/sign.ts'
export type { CmsFailure } from './cms/verify.ts'
export { deskHere, type TrustDesk } from './desk/desk.ts'
export { doTrustJob } from './desk/do-job.ts'
export type { TrustAnswer, TrustJob } from './desk/job.ts'
export { remoteDesk } from './desk/remote-desk.ts'
export { composeDispatch, composeReceipt } from './envelope/messages.ts'
export { composeNotice } from './envelope/notice.ts'
export { DEFAULT_SUBJECT_PREFIXES, type EnvelopeSettings, envelopeSettings } from './envelope/settings.ts'
export { KeyError, type KeyFailure } from './keys/error.ts'
export { generateKey, generateKeyAsync, type KeyKind, privateKeyPem } from './keys/generate.ts'
export { KeyRing } from './keys/key-ring.ts'
export { issuerFromPem, leadsWithKey, signerFromPem } from './keys/pem.ts'
export { signerFromToken, type TokenSigner } from './keys/pkcs11/token-signer.ts'
export { makePkcs12, signerFromPkcs12 } from './keys/pkcs12.ts'
export { AUTHENTICATION_METHODS } from './model/authentication.ts'
export type { EntityDetails, EvidenceDraft, Extension } from './model/draft.ts'
export {
  eventCodeOf,
  OUTCOMES,
  type OutcomeName,
  outcomeNamed,
  outcomeOf,
  typeNumberOf,
} from './model/outcome.ts'
export { DEFAULT_PROFILE, type EvidenceProfile } from './model/profile.ts'
export type { EvidenceFields } from './model/read.ts'
export { REASONS, reasonOf, reasonUri } from './model/reasons.ts'
export type { PeerEvidence } from './peer/judge-evidence.ts'
export { type PeerEnvelope, type PeerMail, readPeerMail } from './peer/read-peer-mail.ts'
export type {
  Certificate,
  HashName,
  PathResult,
  Signer,
  Timestamper,
  TimestampToken,
  TrustFailure,
} from './ports.ts'
export { evidenceRules } from './rules/evidence-rules.ts'
export { checkAll, RulesBroken } from './rules/rule.ts'
export { beginsAsCms, opaqueContent, type SignedContent, signedContent } from './smime/signed-content.ts'
export { SignedPartDigest } from './smime/signed-part-digest.ts'
export { readUserSignature, type UserSignature } from './smime/user-signature.ts'
export { CertificateValidator } from './status/certificate-validator.ts'
export { type StatusKind, type StatusSettings, StatusSource } from './status/status-source.ts'
export { TrustListError } from './trust-list/error.ts'
export { readTrustList } from './trust-list/read-list.ts'
export { anchorsAt, type ListedService, type TrustRole } from './trust-list/services.ts'
export { type ClockSkew, HttpTimestamper, type TokenDemands } from './tsa/client.ts'
export { TimestampError } from './tsa/error.ts'
export type { KamuSmAccount } from './tsa/kamusm.ts'
export { answerTimestampQuery, MAX_QUERY_OCTETS } from './tsa/responder.ts'
export type { VerifiedToken } from './tsa/token.ts'
export { holderOf, isOfAccount } from './verify/holder.ts'
export type { PackOptions } from './verify/pack.ts'
export {
  INDEX,
  MAX_PACK_FILES,
  maxPackFileOctets,
  PackFileTooLarge,
  type PackSource,
  readSums,
  SUMS,
  SUMS_SIGNATURE,
  writeSums,
} from './verify/pack-files.ts'
export { type LeftOut, readIndex } from './verify/pack-index.ts'
export { REASONS as VERIFICATION_REASONS } from './verify/reasons.ts'
export type { FileReport, Judgement, ProofEntry, SignatureEntry, TimestampEntry } from './verify/report.ts'
export { provedTakeOver } from './verify/take-over.ts'
export type { VerifyOptions } from './verify/trust.ts'
export { verifyAuditPack, verifyFile } from './verify/verify-file.ts'
export { parseCertificate, parsePemCertificates, toPem } from './x509/certificate.ts'
export { certificateHash } from './x509/certificate-hash.ts'
export { crlsIn } from './x509/crl.ts'
export { isForSigning, isOfPerson } from './x509/for-signing.ts'
export { type Issuer, issueCertificate, issueCrl, type Profile, type SubjectName } from './x509/issue.ts'
export { readOcspResponse } from './x509/ocsp-response.ts'
export { validatePath } from './x509/path.ts'
export { signEvidence } from './xades/sign.ts'
export { parseXml } from './xml/parse.ts'
export { attributeOf, elementsOf, textOf, type XmlElement, XmlError } from './xml/tree.ts'
