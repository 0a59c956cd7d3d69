import { doubt, failure } from './row.ts'

/** Certificates of signers and of time-stamping authorities, and their status. */
export const CERTIFICATES = {
  CERTIFICATE_NO_PATH: doubt(
    'NO_CERTIFICATE_CHAIN_FOUND',
    'Sertifika verilen köklerin hiçbirine çıkmıyor; doğru kökü --trust ile verin.',
    'The certificate leads to none of the anchors given; name the right one with --trust.',
  ),
  CERTIFICATE_EXPIRED: doubt(
    'OUT_OF_BOUNDS_NO_POE',
    'Sertifikanın süresi bu an dolmuştu ve imzanın daha önce atıldığı kanıtlı değil; zaman damgalı ya da denetim paketindeki kopyayı kullanın.',
    'The certificate had run out at this time, and nothing proves an earlier signature; use a copy with a time-stamp or an audit pack.',
  ),
  CERTIFICATE_NOT_YET_VALID: doubt(
    'OUT_OF_BOUNDS_NO_POE',
    'Sertifika bu an henüz geçerli değildi; doğrulama anını (--at) denetleyin.',
    'The certificate was not valid yet at this time; check the time of validation (--at).',
  ),
  CERTIFICATE_LATER_THAN_SIGNATURE: failure(
    'NOT_YET_VALID',
    'İmzanın kanıtlı tarihinde sertifika henüz geçerli değildi; imza geçersizdir.',
    'At the proved time of the signature the certificate was not valid yet; the signature is void.',
  ),
  CERTIFICATE_REVOKED: failure(
    'REVOKED',
    'İmzacının sertifikası imzanın kanıtlı tarihinden önce iptal edilmişti; imza geçersizdir.',
    'The certificate of the signer had been revoked before the proved time of the signature; the signature is void.',
  ),
  CERTIFICATE_REVOKED_NO_PROOF: doubt(
    'REVOKED_NO_POE',
    'Sertifika iptal edilmiş ve imzanın iptalden önce atıldığı kanıtlı değil; zaman damgalı bir kopya arayın.',
    'The certificate is revoked, and nothing proves that the signature is older; look for a copy with a time-stamp.',
  ),
  CERTIFICATE_ISSUER_REVOKED: doubt(
    'REVOKED_CA_NO_POE',
    'Sertifikayı veren makamın sertifikası iptal edilmiş; makama ve iptal tarihine bakın.',
    'The certificate of the issuer is revoked; look at the issuer and the day of its revocation.',
  ),
  CERTIFICATE_STATUS_UNKNOWN: doubt(
    'TRY_LATER',
    'Sertifikanın iptal durumu bilinmiyor; iptal listesini --crl ya da yanıtı --ocsp ile verin, delilin .lt.xml kopyası ikisini de taşır.',
    'Whether the certificate is revoked is not known; give the list with --crl or the answer with --ocsp, or take the .lt.xml copy, which carries both.',
  ),
  CERTIFICATE_CHAIN: doubt(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Sertifika zinciri kurallara uymuyor (yetki, kullanım amacı, ilke ya da ad kısıtı); sertifikayı veren makama sorun.',
    'The chain of certificates breaks a rule (authority, usage, policy or names); ask the issuer of the certificate.',
  ),
  CERTIFICATE_USAGE: doubt(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Sertifika imza atmak için verilmemiş; imza bu sertifikayla geçerli değildir.',
    'The certificate is not for signatures; it gives this one no force.',
  ),
  CERTIFICATE_OF_PERSON: doubt(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Bir hizmet sağlayıcının imzalaması gerekeni bir gerçek kişinin sertifikası imzalamış.',
    'What a provider has to sign was signed with the certificate of a natural person.',
  ),
  CERTIFICATE_WEAK: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'Zincirdeki bir anahtar ya da algoritma güvenilir sayılmıyor.',
    'A key or an algorithm in the chain is not trusted.',
  ),
  CERTIFICATE_BAD_SIGNATURE: doubt(
    'NO_CERTIFICATE_CHAIN_FOUND',
    'Sertifikanın imzası, veren görünen makama ait değil; sertifika sahte ya da kök yanlış.',
    'The certificate is not signed by whom it names as its issuer; it is forged, or the anchor is another one.',
  ),
  CERTIFICATE_MALFORMED: doubt(
    'CERTIFICATE_CHAIN_GENERAL_FAILURE',
    'Zincirdeki bir sertifika okunamıyor; özgün dosyayı isteyin.',
    'A certificate of the chain cannot be read; ask for the original file.',
  ),
  CERTIFICATE_STRAY: doubt(
    'NO_CERTIFICATE_CHAIN_FOUND',
    'İmzanın yanında, hiçbir köke çıkmayan bir sertifika var; dosyaya sonradan eklenmiş olabilir.',
    'Beside the signature stands a certificate that leads to no anchor; it may have been added.',
  ),
} as const
