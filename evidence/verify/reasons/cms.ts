import { doubt, failure } from './row.ts'

/** A signature in CMS; each name is CMS_ and the code of the reader. */
export const CMS = {
  CMS_MALFORMED: failure(
    'FORMAT_FAILURE',
    'İmza okunamıyor; dosya bozulmuş ya da imza değil, yeniden alın.',
    'The signature cannot be read; the file is damaged or no signature: get it again.',
  ),
  CMS_NO_SIGNERS: failure(
    'FORMAT_FAILURE',
    'Dosyada hiçbir imza yok (yalnız sertifika taşıyor olabilir); imzalı dosyayı isteyin.',
    'There is no signature in this file (it may carry certificates alone); ask for the signed one.',
  ),
  CMS_TOO_LARGE: failure(
    'FORMAT_FAILURE',
    'İmzanın çevresindeki veri sınırları aşıyor; daha az ek taşıyan bir imza isteyin.',
    'What stands around the signature exceeds the limits; ask for a signature that carries less.',
  ),
  CMS_CONTENT_MISSING: doubt(
    'SIGNED_DATA_NOT_FOUND',
    'İmzanın içinde içerik yok; imzalanan dosyayı yanına koyun ya da --content ile verin.',
    'There is no content inside the signature; put the signed file beside it or name it with --content.',
  ),
  CMS_CONTENT_PRESENT: failure(
    'FORMAT_FAILURE',
    'Ayrık olması gereken imza ikinci bir içerik taşıyor; hangisinin imzalandığı belirsizdir, özgün dosyayı isteyin.',
    'A signature that should be detached carries a content of its own; ask for the original file.',
  ),
  CMS_NO_CERTIFICATE: doubt(
    'NO_SIGNING_CERTIFICATE_FOUND',
    'İmzacının sertifikası imzanın içinde yok; sertifikayı taşıyan bir kopya isteyin.',
    'The certificate of the signer is not in the signature; ask for a copy that carries it.',
  ),
  CMS_NO_SIGNED_ATTRIBUTES: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'İmza, imzalı öznitelik taşımıyor; CAdES-BES ile yeniden imzalatın.',
    'The signature has no signed attributes; have it signed again as CAdES-BES.',
  ),
  CMS_DUPLICATE_ATTRIBUTE: failure(
    'FORMAT_FAILURE',
    'Bir imza özniteliği iki kez var; imza geçerli biçimde değil, yeniden imzalatın.',
    'A signed attribute stands twice; the signature is malformed, have it signed again.',
  ),
  CMS_CONTENT_TYPE_MISMATCH: failure(
    'FORMAT_FAILURE',
    'İmzanın söylediği içerik türü içeriğinkiyle aynı değil; yeniden imzalatın.',
    'The content type that was signed is not that of the content; have it signed again.',
  ),
  CMS_DIGEST_MISMATCH: failure(
    'HASH_FAILURE',
    'İçerik imzalandıktan sonra değişmiş ya da imza başka bir içeriğe ait; özgün dosyayı isteyin.',
    'The content was changed after it was signed, or the signature belongs to another one; ask for the original.',
  ),
  CMS_WEAK_DIGEST: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'İmza, güvenilmeyen bir özet algoritması kullanıyor (SHA-2 değil); daha güçlüsüyle imzalatın.',
    'The signature uses a digest that is not trusted (no SHA-2); have it signed with a stronger one.',
  ),
  CMS_WEAK_SIGNATURE_ALGORITHM: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'İmza algoritması ya da anahtar türü güvenilir sayılmıyor; daha güçlüsüyle imzalatın.',
    'The signature algorithm or the kind of key is not trusted; have it signed with a stronger one.',
  ),
  CMS_ALGORITHM_MISMATCH: failure(
    'FORMAT_FAILURE',
    'İmza iki ayrı özet algoritması söylüyor; geçerli biçimde değil, yeniden imzalatın.',
    'The signature names two different digests; it is malformed, have it signed again.',
  ),
  CMS_PSS_PARAMETERS: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'RSA-PSS imzasının parametreleri kabul edilenlerden değil; yeniden imzalatın.',
    'The parameters of the RSA-PSS signature are not accepted ones; have it signed again.',
  ),
  CMS_KEY_TOO_SMALL: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'İmzacının anahtarı çok kısa; daha uzun bir anahtarla imzalatın.',
    'The key of the signer is too short; have it signed with a longer one.',
  ),
  CMS_SIGNING_CERTIFICATE_MISMATCH: doubt(
    'NO_SIGNING_CERTIFICATE_FOUND',
    'İmzanın adını andığı sertifika, içindeki sertifika değil; özgün dosyayı isteyin.',
    'The certificate that the signature names is not the one inside; ask for the original file.',
  ),
  CMS_BAD_SIGNATURE: failure(
    'SIG_CRYPTO_FAILURE',
    'İmza değeri sertifikaya ve imzalanana uymuyor; dosya değiştirilmiş, özgününü isteyin.',
    'The signature value does not fit the certificate and what was signed; the file was changed: ask for the original.',
  ),
} as const
