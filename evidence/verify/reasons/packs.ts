import { doubt, failure } from './row.ts'

/** Audit packs. */
export const PACKS = {
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
