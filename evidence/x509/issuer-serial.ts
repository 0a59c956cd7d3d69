import { integer, sequence, tagged } from '../asn1/writer.ts'
import type { Certificate } from '../ports.ts'

/** IssuerSerial: GeneralNames with one directoryName [4], then the serial number. [RFC 5035 §5] */
export const issuerSerialOf = ({ issuer, serialBytes }: Certificate): Uint8Array =>
  sequence(sequence(tagged(4, issuer.der)), integer(serialBytes))
