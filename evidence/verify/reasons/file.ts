import { doubt, failure } from './row.ts'

/** The file as a whole. */
export const FILE = {
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
