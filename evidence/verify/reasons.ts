/**
 * Why something does not pass: stable codes of our own, each with the verdict and the sub-indication that the standard has for
 * it, and a sentence for people: what is wrong and what can be done. [EN 319 102-1 §5.1.3]
 *
 * The verdict is the standard's: a failure is proved by the file itself, a doubt could end with more information or under
 * other rules.
 */
import type { FailedSubIndication, IndeterminateSubIndication } from './report.ts'

type Row =
  | { verdict: 'TOTAL-FAILED'; subIndication: FailedSubIndication; tr: string; en: string }
  | { verdict: 'INDETERMINATE'; subIndication: IndeterminateSubIndication; tr: string; en: string }

const failure = (subIndication: FailedSubIndication, tr: string, en: string) =>
  ({ verdict: 'TOTAL-FAILED', subIndication, tr, en }) satisfies Row

const doubt = (subIndication: IndeterminateSubIndication, tr: string, en: string) =>
  ({ verdict: 'INDETERMINATE', subIndication, tr, en }) satisfies Row

/** The file as a whole. */
const FILE = {
  UNKNOWN_FILE: failure(
    'FORMAT_FAILURE',
    'Dosya boş; aktarım bozulmuş olabilir, dosyayı yeniden alın.',
    'The file is empty; it may have been damaged in transfer: get it again.',
  ),
  MESSAGE_TOO_COMPLEX: failure(
    'FORMAT_FAILURE',
    'İletinin yapısı sınırları aşıyor, tamamı okunamadı; göndericiden daha yalın bir kopya isteyin.',
    'The structure of the message exceeds the limits, so not all of it was read; ask the sender for a plainer copy.',
  ),
  MESSAGE_NOT_SIGNED: doubt(
    'CUSTOM',
    'İleti imzalı değil, hiçbir şey kanıtlamaz; imzalı özgün dosyayı (.eml) isteyin.',
    'The message is not signed and proves nothing; ask for the signed original (.eml).',
  ),
  SIGNED_CONTENT_MISSING: doubt(
    'SIGNED_DATA_NOT_FOUND',
    'İmzalanan dosya yok; imzanın yanına koyun ya da --content ile verin.',
    'The signed file is missing; put it beside the signature or name it with --content.',
  ),
  NOT_A_SIGNATURE: doubt(
    'CUSTOM',
    'Dosya ne delil ne ileti ne de imza, hiçbir şey kanıtlamaz; imzasını (.p7s), delili (.xml) ya da iletiyi (.eml) verin.',
    'The file is neither evidence nor a message nor a signature and proves nothing; give its signature (.p7s), the evidence (.xml) or the message (.eml).',
  ),
  CERTIFICATE_GIVEN: doubt(
    'CUSTOM',
    'Dosya bir sertifika, imza değil; kök ise --trust ile, doğrulanacak dosyayı ayrıca verin.',
    'The file is a certificate and no signature; give it with --trust if it is an anchor, and the file to verify beside it.',
  ),
  LIST_GIVEN: doubt(
    'CUSTOM',
    'Dosya bir iptal listesi, imza değil; --crl ile, doğrulanacak dosyayı ayrıca verin.',
    'The file is a revocation list and no signature; give it with --crl, and the file to verify beside it.',
  ),
  ANSWER_GIVEN: doubt(
    'CUSTOM',
    'Dosya bir OCSP yanıtı, imza değil; --ocsp ile, doğrulanacak dosyayı ayrıca verin.',
    'The file is an OCSP response and no signature; give it with --ocsp, and the file to verify beside it.',
  ),
  KEY_GIVEN: doubt(
    'CUSTOM',
    'Dosya bir anahtar dosyası (.p12, .key), imza değil; kimseyle paylaşmayın, doğrulanacak dosyayı verin.',
    'The file holds a key (.p12, .key) and is no signature; share it with nobody, and give the file to verify.',
  ),
  RECORD_GIVEN: doubt(
    'CUSTOM',
    'Dosya bir kanıt kaydı (.ers), tek başına doğrulanmaz; içinde bulunduğu denetim paketinin klasörünü verin.',
    'The file is an evidence record (.ers), which is not verified alone; give the folder of the audit pack that holds it.',
  ),
  ENCRYPTED: doubt(
    'CUSTOM',
    'İçerik şifreli, imza varsa içindedir; şifresini alıcısı çözsün, çözülmüş imzalı iletiyi verin.',
    'The content is encrypted, and a signature would be inside; have its recipient decrypt it and give the signed message.',
  ),
  ENCODING: doubt(
    'CUSTOM',
    'Dosya UTF-8 değil, bir düzenleyici yeniden yazmış olabilir; delilin özgün dosyasını isteyin.',
    'The file is not UTF-8; an editor may have written it anew: ask for the original file of the evidence.',
  ),
  MAILBOX: doubt(
    'CUSTOM',
    'Dosya bir posta kutusu (mbox), ileti değil; iletiyi posta programından tek başına .eml olarak kaydedin.',
    'The file is a mailbox (mbox) and no message; save the message alone as .eml in the mail program.',
  ),
  LINE_ENDS: failure(
    'HASH_FAILURE',
    'İletinin satır sonları değişmiş (CRLF yerine LF), imza bu hâliyle tutmaz; iletiyi posta programından değiştirmeden .eml olarak kaydedin.',
    'The line ends of the message were changed (LF in place of CRLF), so that its signature cannot hold; save it again as .eml, unchanged, in the mail program.',
  ),
  CONTENT_DIFFERS: doubt(
    'CUSTOM',
    'Yanındaki dosya, imzanın içinde taşıdığı içerik değil; imzalanan içeridekidir: imzayı tek başına bir klasörde doğrulayın, dosya için kendi imzasını isteyin.',
    'The file beside the signature is not the content inside it, which is what was signed: verify the signature alone in a folder, and ask for a signature of the file itself.',
  ),
  UNSIGNED_OCTETS: failure(
    'FORMAT_FAILURE',
    'Zarfta, imzalı bölümün dışında, imzalananla uyuşmayan bir bölüm var; iletinin özgün kopyasını isteyin.',
    'Outside its signed part the envelope differs from what was signed; ask for an original copy of the message.',
  ),
  SIGNATURE_ENCODING: failure(
    'FORMAT_FAILURE',
    'Zarfın imzası bu düzenin yazdığı biçimde değil; iletinin özgün kopyasını isteyin.',
    'The signature of the envelope is not encoded as this layout writes it; ask for an original copy of the message.',
  ),
  DIGEST_MISMATCH: failure(
    'HASH_FAILURE',
    'İçindeki özgün ileti, delilin anlattığı ileti değil; delil bu ileti için kullanılamaz.',
    'The original inside is not the message that the evidence is about; the evidence says nothing about it.',
  ),
  SIGNER_MISMATCH: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'Zarfı, içindeki delili düzenleyen sağlayıcı imzalamamış; delili zarftan çıkarıp tek başına doğrulayın.',
    'The envelope is not signed by the issuer of the evidence in it; take the evidence out and verify it alone.',
  ),
} as const

/** A signature in CMS; each name is CMS_ and the code of the reader. */
const CMS = {
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

/** A signature in XML; each name is XADES_ and the code of the reader. */
const XADES = {
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

/** Certificates of signers and of time-stamping authorities, and their status. */
const CERTIFICATES = {
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

/** Time-stamps, and what a signature is without a good one. */
const TIMESTAMPS = {
  TIMESTAMP_MISSING: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'Delilde zaman damgası yok, çıkarılmış olabilir; damgalı özgününü isteyin.',
    'The evidence carries no time-stamp; it may have been cut off: ask for the stamped original.',
  ),
  TIMESTAMP_NOT_PROVED: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'İmzanın zaman damgası geçmedi, tarihi kanıtlı değil; damganın kendi sonucuna bakın.',
    'The time-stamp of the signature does not pass, so its time is not proved; see the result of the time-stamp.',
  ),
  TOKEN_MALFORMED: failure(
    'FORMAT_FAILURE',
    'Zaman damgası okunamıyor; dosya bozulmuş, özgününü isteyin.',
    'The time-stamp cannot be read; the file is damaged: ask for the original.',
  ),
  TOKEN_IMPRINT_MISMATCH: failure(
    'HASH_FAILURE',
    'Zaman damgası başka bir imzaya ait; özgün dosyayı isteyin.',
    'The time-stamp is about another signature; ask for the original file.',
  ),
  TOKEN_BAD_SIGNATURE: failure(
    'SIG_CRYPTO_FAILURE',
    'Zaman damgasının kendi imzası doğrulanmıyor; özgün dosyayı isteyin.',
    'The signature of the time-stamp itself does not hold; ask for the original file.',
  ),
  TOKEN_NOT_A_TSA: doubt(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Damgayı vuranın sertifikası zaman damgası için verilmemiş; damga bir tarih kanıtlamaz.',
    'Who stamped has no certificate for time-stamps; the stamp proves no time.',
  ),
} as const

/** Audit packs. */
const PACKS = {
  PACK_LIST_UNREADABLE: failure(
    'FORMAT_FAILURE',
    'Paketin dosya listesi okunamıyor; paketi yeniden alın.',
    'The pack’s list of files cannot be read; get the pack again.',
  ),
  PACK_FILE_MISSING: failure(
    'FORMAT_FAILURE',
    'Listedeki bir dosya pakette yok; paketi yeniden alın.',
    'A file of the list is not in the pack; get the pack again.',
  ),
  PACK_FILE_TOO_LARGE: doubt(
    'CUSTOM',
    'Bir dosya, paketteki dosyaların olabileceğinden büyük; açılmadı. Paketi düzenleyenden bölünmüş olarak isteyin.',
    'A file is larger than files of a pack can be, and was not opened; ask who made the pack for smaller ones.',
  ),
  PACK_MATERIAL_TOO_LARGE: doubt(
    'CUSTOM',
    'Sertifika ve iptal listelerinin toplamı sınırı aşıyor, tamamı kullanılmadı; daha kısa bir süreyi kapsayan paketler isteyin.',
    'Certificates and revocation lists together exceed the limit, and not all were used; ask for packs of shorter times.',
  ),
  PACK_INDEX: failure(
    'FORMAT_FAILURE',
    'Paketin ne içerdiğini söyleyen dosya yok ya da okunamıyor; paketi yeniden alın.',
    'The file that says what the pack holds is missing or cannot be read; get the pack again.',
  ),
  PACK_SELECTION: failure(
    'FORMAT_FAILURE',
    'Bir kayıt, paketin içerdiğini söylediklerinden değil; paketi yeniden alın.',
    'A record is not of what the pack says that it holds; get the pack again.',
  ),
  PACK_TWICE: failure(
    'FORMAT_FAILURE',
    'Bir delil iki ayrı sıra numarasıyla duruyor; paketi yeniden alın.',
    'One evidence stands under two numbers; get the pack again.',
  ),
  PACK_FILE_CHANGED: failure(
    'HASH_FAILURE',
    'Bir dosya listelendikten sonra değişmiş; paketi yeniden alın.',
    'A file was changed after it was listed; get the pack again.',
  ),
  PACK_FILE_NOT_LISTED: failure(
    'FORMAT_FAILURE',
    'Pakette, listede olmayan bir dosya var; sonradan eklenmiştir, çıkarın.',
    'The pack holds a file that is not listed; it was added: remove it.',
  ),
  PACK_POSITION: failure(
    'FORMAT_FAILURE',
    'Kaydın zincirdeki yeri okunamıyor; paketi yeniden alın.',
    'Where the record stands in its chain cannot be read; get the pack again.',
  ),
  PACK_RECORD_CHANGED: failure(
    'HASH_FAILURE',
    'Kayıt, zincirde yerinde duran kayıt değil; paketi yeniden alın.',
    'The record is not the one that stands there in the chain; get the pack again.',
  ),
  PACK_CHAIN_BROKEN: failure(
    'HASH_FAILURE',
    'Kayıt, zincirde kendinden öncekini izlemiyor; araya bir şey girmiş ya da çıkarılmış.',
    'The record does not follow the one before it; something was put in or taken out.',
  ),
  PACK_VALIDATION_UNREADABLE: failure(
    'FORMAT_FAILURE',
    'Doğrulama verisi kaydı okunamıyor; paketi yeniden alın.',
    'A record of validation data cannot be read; get the pack again.',
  ),
  PACK_VALIDATION_MISMATCH: failure(
    'HASH_FAILURE',
    'Doğrulama verisi başka bir delil hakkında; paketi yeniden alın.',
    'The validation data is about another evidence; get the pack again.',
  ),
  PACK_SIGNER_UNNAMED: failure(
    'HASH_FAILURE',
    'İmzacı verisini hiçbir delil anmıyor; paketi yeniden alın.',
    'No evidence names this material of a signer; get the pack again.',
  ),
  PACK_SEAL_MISSING: failure(
    'FORMAT_FAILURE',
    'Mührün kanıt kaydı pakette yok; paketi yeniden alın.',
    'The evidence record of the seal is not in the pack; get the pack again.',
  ),
  PACK_NOT_SEALED: doubt(
    'NO_POE',
    'Kayıt henüz mühürlenmemiş, paketin listesinden başka bir şey kanıtlamıyor; mühürden sonraki paketi isteyin.',
    'The record is not sealed yet, and nothing proves it but the list of the pack; ask for a pack made after the seal.',
  ),
  PACK_SIGNATURE_FORM: failure(
    'FORMAT_FAILURE',
    'Listenin ya da mührün imzası, sağlayıcının yazdığı biçimde değil; paketi yeniden alın.',
    'The signature of the list or of a seal is not encoded as providers write it; get the pack again.',
  ),
  PACK_NOT_STAMPED: doubt(
    'NO_POE',
    'Listenin ya da mührün imzasında zaman damgası yok; paketi yeniden alın.',
    'The signature of the list or of a seal carries no time-stamp; get the pack again.',
  ),
  PACK_LIST_SIGNER: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'Paketin listesini, mühürlerini ve delillerini tek bir sağlayıcı imzalamamış; listeden bir şey çıkarılmış olabilir.',
    'List, seals and evidence of the pack are not signed by one provider; something may have been left out.',
  ),
  PACK_ISSUER: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'Arşivin sahibini düzenleyen olarak gösteren bir delili, paketi imzalayan imzalamamış; biri araya girmiş olabilir.',
    'Evidence that names whose archive this is as its issuer is not signed by who signed the pack; one of them is not the provider.',
  ),
  PACK_NO_PROVIDER: doubt(
    'SIG_CONSTRAINTS_FAILURE',
    'Paketi imzalayanın bu arşivin sağlayıcısı olduğunu gösteren delil ya da mühür yok; kime ait olduğu kanıtlı değil.',
    'No evidence and no seal shows that who signed the pack is the provider whose archive it is.',
  ),
  PACK_INCOMPLETE: failure(
    'FORMAT_FAILURE',
    'Paketin içerdiğini söylediği kayıtlardan eksik olan var; paketi yeniden alın.',
    'Of what the pack says that it holds, records are missing; get the pack again.',
  ),
  PROOF_MALFORMED: failure(
    'FORMAT_FAILURE',
    'Kanıt kaydı okunamıyor; paketi yeniden alın.',
    'The evidence record cannot be read; get the pack again.',
  ),
  PROOF_OTHER_OBJECTS: failure(
    'HASH_FAILURE',
    'Kanıt kaydı başka kayıtlar hakkında; paketi yeniden alın.',
    'The evidence record is about other records; get the pack again.',
  ),
  PROOF_ROOT_MISMATCH: failure(
    'HASH_FAILURE',
    'Kanıt kaydının özet yolu damgalanan köke çıkmıyor; paketi yeniden alın.',
    'The hash path of the evidence record does not lead to what was stamped; get the pack again.',
  ),
  PROOF_RENEWAL_MISMATCH: failure(
    'HASH_FAILURE',
    'Yenileme damgası öncekini kapsamıyor; paketi yeniden alın.',
    'A stamp that renews does not cover the one before it; get the pack again.',
  ),
  TOKEN_IN_FUTURE: doubt(
    'TIMESTAMP_ORDER_FAILURE',
    'Zaman damgası, doğrulama anından ya da kendisinden sonra geleni kanıtlayan damgadan ileri tarihli.',
    'The time-stamp is dated after the time of validation, or after the stamp that proves it.',
  ),
  TIME_AFTER_STAMP: doubt(
    'TIMESTAMP_ORDER_FAILURE',
    'İmzanın ya da delilin söylediği zaman, zaman damgasından sonra: damga anında henüz olmamış bir şey söyleniyor.',
    'The time that the signature or the evidence states is after its time-stamp: it tells what had not happened yet.',
  ),
  TIME_LONG_BEFORE_STAMP: doubt(
    'TIMESTAMP_ORDER_FAILURE',
    'Delilin söylediği zaman, zaman damgasından günlerce önce; o zamanı kanıtlayan yok.',
    'The time that the evidence states is days before its time-stamp, and nothing proves it.',
  ),
  PROOF_ORDER: doubt(
    'TIMESTAMP_ORDER_FAILURE',
    'Yenileme damgaları zaman sırasında değil.',
    'The stamps that renew are not in the order of time.',
  ),
  PROOF_OUTDATED_ALGORITHM: doubt(
    'CRYPTO_CONSTRAINTS_FAILURE_NO_POE',
    'Özet algoritması güvenilmez olmadan önce yenilenmemiş; bu andan sonrası kanıtlı değil.',
    'It was not renewed before its digest algorithm stopped being trusted; nothing is proved since.',
  ),
  PROOF_TOKEN_INVALID: failure(
    'SIG_CRYPTO_FAILURE',
    'Kanıt kaydındaki bir zaman damgası doğrulanmıyor; paketi yeniden alın.',
    'A time-stamp of the evidence record does not hold; get the pack again.',
  ),
  PROOF_TOKEN_UNTRUSTED: doubt(
    'NO_POE',
    'Kanıt kaydının damga makamı verilen köklere çıkmıyor; o dönemin kökünü --trust ile verin.',
    'The authority that stamped the evidence record leads to no anchor given; name the anchor of that time with --trust.',
  ),
} as const

export const REASONS = { ...FILE, ...CMS, ...XADES, ...CERTIFICATES, ...TIMESTAMPS, ...PACKS } as const

export type Reason = keyof typeof REASONS

/** One thing that speaks against the file. */
export interface Finding {
  readonly verdict: 'INDETERMINATE' | 'TOTAL-FAILED'
  readonly subIndication: FailedSubIndication | IndeterminateSubIndication
  readonly reason: Reason
  /** For who looks closer: which file, which certificate; in English, and may quote names of certificates. */
  readonly detail: string
}

export const findingOf = (reason: Reason, detail = ''): Finding => {
  const { verdict, subIndication } = REASONS[reason]
  return { verdict, subIndication, reason, detail }
}

/** A failure outweighs a doubt, and the first of equals is told. */
export const worst = (findings: readonly Finding[]): Finding | undefined =>
  findings.find(({ verdict }) => verdict === 'TOTAL-FAILED') ?? findings[0]

/** Each once, failures before doubts. */
export function inOrder(findings: readonly Finding[]): Finding[] {
  const each = new Map(findings.map((one) => [`${one.reason} ${one.detail}`, one]))
  const isFailure = ({ verdict }: Finding): boolean => verdict === 'TOTAL-FAILED'
  const all = [...each.values()]
  return [...all.filter(isFailure), ...all.filter((one) => !isFailure(one))]
}
