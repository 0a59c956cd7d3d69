import { doubt, failure } from './row.ts'

/** A signature in XML; each name is XADES_ and the code of the reader. */
export const XADES = {
  XADES_NOT_XML: failure(
    'FORMAT_FAILURE',
    'Delil okunabilir bir XML değil; dosya bozulmuş, yeniden alın.',
    'The evidence is no readable XML; the file is damaged: get it again.',
  ),
  XADES_NO_SIGNATURE: failure(
    'FORMAT_FAILURE',
    'Delil imzasız; imzalı özgününü isteyin.',
    'The evidence is not signed; ask for the signed original.',
  ),
  XADES_SIGNATURE_COUNT: failure(
    'FORMAT_FAILURE',
    'Delilde birden çok imza var; özgününü isteyin.',
    'The evidence holds more than one signature; ask for the original.',
  ),
  XADES_DUPLICATE_ID: failure(
    'FORMAT_FAILURE',
    'Delilde bir kimlik (Id) iki kez var, imzanın neyi kapsadığı belirsiz; özgününü isteyin.',
    'An Id stands twice in the evidence, so it is unclear what is signed; ask for the original.',
  ),
  XADES_SIGNATURE_FORMAT: failure(
    'FORMAT_FAILURE',
    'XML imzası geçerli biçimde değil; özgün dosyayı isteyin.',
    'The XML signature is malformed; ask for the original file.',
  ),
  XADES_REFERENCES: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'İmza belgenin tamamını kapsamıyor; özgün dosyayı isteyin.',
    'The signature does not cover the whole document; ask for the original file.',
  ),
  XADES_TRANSFORMS: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'İmza, imzalananı değiştirebilecek bir dönüşüm kullanıyor; özgün dosyayı isteyin.',
    'The signature uses a transform that may change what was signed; ask for the original file.',
  ),
  XADES_WEAK_ALGORITHM: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'İmzanın algoritması güvenilir sayılmıyor; düzenleyenden daha güçlüsünü isteyin.',
    'An algorithm of the signature is not trusted; ask its issuer for a stronger one.',
  ),
  XADES_TARGET_MISMATCH: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'İmza özellikleri başka bir imzaya ait; özgün dosyayı isteyin.',
    'The signature’s properties belong to another signature; ask for the original file.',
  ),
  XADES_HASH_FAILURE: failure(
    'HASH_FAILURE',
    'Delil imzalandıktan sonra değişmiş; özgününü isteyin.',
    'The evidence was changed after it was signed; ask for the original.',
  ),
  XADES_SIGNING_CERTIFICATE: doubt(
    'NO_SIGNING_CERTIFICATE_FOUND',
    'İmzada, imzalanırken adı anılan sertifika yok; özgün dosyayı isteyin.',
    'The certificate that was named when signing is not in the signature; ask for the original file.',
  ),
  XADES_SIG_CRYPTO_FAILURE: failure(
    'SIG_CRYPTO_FAILURE',
    'İmza değeri sertifikaya ve delile uymuyor; dosya değiştirilmiş, özgününü isteyin.',
    'The signature value does not fit the certificate and the evidence; the file was changed: ask for the original.',
  ),
  EVIDENCE_UNREADABLE: doubt(
    'CUSTOM',
    'Belge TS 102 640 delili değil, neyi kanıtladığı burada söylenemez; düzenleyenden sorun.',
    'The document is no evidence of TS 102 640, so that nobody here can say what it proves; ask its issuer.',
  ),
} as const
