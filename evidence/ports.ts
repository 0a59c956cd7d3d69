/**
 * What the parts of the trust core promise one another: keys behind one asynchronous signer, time-stamps
 * behind one client, certificates parsed once. Nothing here knows where a key or a TSA lives.
 */
import type { KeyObject } from 'node:crypto'

/** The only digests that may support a signature; SHA-1 and MD5 have no name here, so they cannot be asked for. */
export type HashName = 'sha256' | 'sha384' | 'sha512'

/** A certificate read once from its DER; all fields are slices or values of exactly those octets. [RFC 5280 §4.1] */
export interface Certificate {
  readonly der: Uint8Array
  /** Lower-case hex of SHA-256 over `der`; the identity of the certificate in maps and reports. */
  readonly fingerprint: string
  /** Serial number as lower-case hex without leading zeros, and as the DER INTEGER's content octets. */
  readonly serial: string
  readonly serialBytes: Uint8Array
  readonly subject: Name
  readonly issuer: Name
  /** Subject and issuer are one name: a new key, or a change of policy, of the same CA. [RFC 5280 §6.1] */
  readonly isSelfIssued: boolean
  readonly notBefore: Date
  readonly notAfter: Date
  /** Cached: each read of X509Certificate.publicKey makes a new object. */
  readonly publicKey: KeyObject
  readonly subjectKeyId: Uint8Array | undefined
  readonly authorityKeyId: Uint8Array | undefined
  /** undefined where the extension is absent. */
  readonly keyUsage: ReadonlySet<KeyUsage> | undefined
  /** Dotted OIDs; undefined where the extension is absent. */
  readonly extendedKeyUsage: readonly string[] | undefined
  readonly extendedKeyUsageCritical: boolean
  readonly isCa: boolean
  readonly pathLength: number | undefined
  /** rfc822Name entries of subjectAltName, as written. */
  readonly emailAddresses: readonly string[]
  /** Dotted OIDs; empty where the extension is absent. */
  readonly policies: readonly string[]
  readonly policyMappings: ReadonlyMap<string, ReadonlySet<string>>
  readonly policyConstraints: PolicyConstraints
  readonly inhibitAnyPolicy: number | undefined
  /** undefined where it states nothing. */
  readonly qualification: Qualification | undefined
  readonly crlUrls: readonly string[]
  /** Where delta lists are. */
  readonly freshestCrlUrls: readonly string[]
  readonly ocspUrls: readonly string[]
  readonly caIssuerUrls: readonly string[]
  /** Critical extensions that our validation does not process: any entry makes the path invalid. [RFC 5280 §4.2] */
  readonly unknownCritical: readonly string[]
  /** dNSName entries of subjectAltName, as written. */
  readonly dnsNames: readonly string[]
  /** SubjectPublicKeyInfo, as written. */
  readonly spki: Uint8Array
  /** What the issuer signed, how, and with which result: tbsCertificate, AlgorithmIdentifier, signature octets. */
  readonly tbs: Uint8Array
  readonly signatureAlgorithm: Uint8Array
  readonly signature: Uint8Array
  /** Every extension by dotted OID; `value` is the content of extnValue. */
  readonly extensions: ReadonlyMap<string, Extension>
}

/** What an issuer states of a qualified certificate. [EN 319 412-5 §4.2] */
export interface Qualification {
  readonly isQualified: boolean
  /** The key lies in a device that is certified for signing. */
  readonly onDevice: boolean
  /** Turkish profile: of a person (NES), or an e-seal (elektronik mühür). */
  readonly national: 'nes' | 'e-seal' | undefined
  /** Empty where it is left to the law: signatures then. */
  readonly types: readonly ('signature' | 'seal' | 'web')[]
}

/** How many certificates may follow before it holds; undefined: it never does. [RFC 5280 §4.2.1.11] */
export interface PolicyConstraints {
  readonly requireExplicit: number | undefined
  readonly inhibitMapping: number | undefined
}

export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

export type KeyUsage =
  | 'digitalSignature'
  | 'nonRepudiation'
  | 'keyEncipherment'
  | 'dataEncipherment'
  | 'keyAgreement'
  | 'keyCertSign'
  | 'cRLSign'
  | 'encipherOnly'
  | 'decipherOnly'

/** A distinguished name: the exact octets, and what people and rules read from them. */
export interface Name {
  readonly der: Uint8Array
  /** RFC 4514 text, most specific first: `CN=…,O=…,C=TR`. */
  readonly text: string
  readonly commonName: string | undefined
  /** The serialNumber attribute (2.5.4.5): T.C. Kimlik No bare or as `TINTR-…`/`PNOTR-…`. [EN 319 412-1 §5.1.3] */
  readonly serialNumber: string | undefined
  readonly organization: string | undefined
}

/** One private key and its certificate. PEM, PKCS#12 and PKCS#11 all look like this. */
export interface Signer {
  readonly certificate: Certificate
  /** Issuers upward, without the anchor. */
  readonly chain: readonly Certificate[]
  readonly algorithm: 'rsa-pkcs1' | 'rsa-pss' | 'ecdsa'
  readonly hash: HashName
  /** Signs the octets (it hashes them itself). ECDSA answers in DER (Ecdsa-Sig-Value); XAdES turns that into r‖s. */
  sign(tbs: Uint8Array): Promise<Uint8Array>
}

/** A time-stamp token that was verified before anyone got to see it. */
export interface TimestampToken {
  /** The ContentInfo (SignedData) in DER: what goes into CMS attributes and EncapsulatedTimeStamp. */
  readonly der: Uint8Array
  readonly time: Date
  readonly serial: string
  readonly policy: string
  readonly certificate: Certificate
}

/** [RFC 3161 §2.4] Asks a TSA, checks its answer (nonce, imprint, EKU, chain, signature), or throws TimestampError. */
export interface Timestamper {
  stamp(imprint: Uint8Array, hash: HashName, signal?: AbortSignal): Promise<TimestampToken>
}

/** What a relying party asks of policies; the `initial` variables of a validation. [RFC 5280 §6.1.1] */
export interface PolicyRequirements {
  /** Dotted OIDs, of which one must be valid for the path; any where absent. */
  readonly policies?: readonly string[] | undefined
  /** Without a policy that is valid the path is not. */
  readonly requireExplicit?: boolean
  readonly inhibitMapping?: boolean
  readonly inhibitAny?: boolean
}

/** Where trust begins and what is known of revocation, for one role at one time. */
export interface TrustContext {
  readonly anchors: readonly Certificate[]
  readonly intermediates: readonly Certificate[]
  /** The time at which the path must be valid. */
  readonly at: Date
  /** DER CRLs at hand; `require` fails closed where neither they nor OCSP responses answer for a certificate. */
  readonly crls: readonly Uint8Array[]
  /** DER OCSP responses at hand. */
  readonly ocsps?: readonly Uint8Array[] | undefined
  readonly revocation: 'require' | 'if-present'
  /** How young an answer about the first certificate must be to count as "good"; those about issuers need only be current. */
  readonly freshness?: StatusFreshness | undefined
  /** Any policy, or none, where absent. */
  readonly policy?: PolicyRequirements | undefined
}

export interface StatusFreshness {
  /** An OCSP response must have been produced since. */
  readonly answeredSince?: Date | undefined
  /** What it says must have been known since: a responder that lives on lists answers now with what they said. */
  readonly knownSince?: Date | undefined
  /** A CRL must have been issued since. */
  readonly listedSince?: Date | undefined
}

/** Why a CRL or an OCSP response does not answer; the first word of a REVOCATION_UNKNOWN's detail. */
export type StatusFault =
  | 'OCSP_MALFORMED'
  /** The responder answered that it does not answer: tryLater, unauthorized … */
  | 'OCSP_ERROR'
  | 'OCSP_OTHER_CERTIFICATE'
  | 'OCSP_RESPONDER'
  | 'OCSP_WEAK'
  | 'OCSP_SIGNATURE'
  | 'OCSP_EXTENSION'
  | 'OCSP_EXPIRED'
  | 'OCSP_STALE'
  | 'OCSP_UNKNOWN'
  | 'CRL_NONE'
  | 'CRL_INDIRECT'
  | 'CRL_EXTENSION'
  | 'CRL_SCOPE'
  | 'CRL_REASONS'
  | 'CRL_BASE'
  | 'CRL_SIGNATURE'
  | 'CRL_EXPIRED'
  | 'CRL_STALE'

/** A closed set of reasons; each is told to people in Turkish and English by its caller. */
export type TrustFailure =
  | 'NO_PATH'
  | 'EXPIRED'
  | 'NOT_YET_VALID'
  | 'REVOKED'
  | 'REVOCATION_UNKNOWN'
  | 'NOT_A_CA'
  | 'PATH_LENGTH'
  | 'KEY_USAGE'
  | 'UNKNOWN_CRITICAL_EXTENSION'
  | 'NAME_CONSTRAINTS'
  | 'POLICY'
  | 'WEAK_ALGORITHM'
  | 'BAD_SIGNATURE'
  | 'MALFORMED'

export type PathResult =
  | {
      readonly ok: true
      /** Leaf first, anchor last. */
      readonly path: readonly Certificate[]
      readonly revocation: 'checked' | 'not-checked'
      /** Those that are valid for the path, as the anchor's authority names them. */
      readonly policies: readonly string[]
      /** The CRLs and OCSP responses that answered, so that they can be archived. */
      readonly usedCrls: readonly Uint8Array[]
      readonly usedOcsps: readonly Uint8Array[]
    }
  | {
      readonly ok: false
      readonly failure: TrustFailure
      readonly detail: string
      /** What was at hand when status decided, so that a revocation can be archived with what tells it. */
      readonly usedCrls?: readonly Uint8Array[] | undefined
      readonly usedOcsps?: readonly Uint8Array[] | undefined
      /** REVOKED is the certificate of an issuer, not the leaf. */
      readonly ofIssuer?: boolean | undefined
      /** Of REVOKED: CRLReason, where who told it gave one. */
      readonly reason?: number | undefined
    }
