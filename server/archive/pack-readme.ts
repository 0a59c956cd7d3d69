/** What lies in every audit pack, for whoever opens it in twenty years with none of our programs at hand. */
export const README = `DENETİM PAKETİ
==============

Bu klasör, bir kayıtlı elektronik posta hizmet sağlayıcısının (KEPHS) arşivinden alınmış delilleri ve onları
kanıtlayan her şeyi içerir. Doğrulamak için ağ ya da veri tabanı gerekmez; yalnız güvenilen kök sertifikalar gerekir:

  kepctl verify BU-KLASÖR --providers kephs-kok.pem --users eshs-kok.pem --tsas damga-kok.pem
  kepctl verify BU-KLASÖR --trust kok.pem                   tek kök hepsine güveniliyorsa

Başka araçlarla da bakılabilir:
  sha512sum -c SHA512SUMS                                   her dosya listedeki dosya mı
  openssl cms -verify -inform DER -in SHA512SUMS.p7s \\
      -content SHA512SUMS -binary -purpose any -CAfile kok.pem   listeyi kim, ne zaman imzaladı
  xmlsec1 --verify --trusted-pem kok.pem evidence/00000001.xml   bir delilin imzası

Dosyalar
  pack.json                 kimin arşivi, neye göre seçildi, her zincirden kaç kayıt, ileti kimlikleri ve delilleri;
                            tarihle seçildiyse öncesi, arası ve sonrasındaki delillerin yalnız numaraları ve zamanları
  evidence/N.xml            delil: sağlayıcının XAdES imzalı, zaman damgalı XML belgesi; N zincirdeki sıra numarası
  evidence/N.position.txt   delilin zincirdeki yeri ve iki özeti; numaralar boşluksuz artar
  evidence/N.ers            kanıt kaydı (RFC 4998): delil ile yerinin hangi tarihte var olduğunu, sertifikalar ve özet
                            algoritmaları eskidikten sonra da gösterir; N.xml ve N.position.txt birlikte mühürlüdür
  validation/N.json         delillerin dayandığı sertifikaların verildikten sonraki durumu
  signers/ID.json           kullanıcının imzası kabul sırasında neye göre değerlendirildi; kabul delili özetini taşır
  rechecks/N.json           imzalayanın sertifikasının bekleme süresinden sonraki durumu
  seals/N.json, heads/N.*   günlük mühürler: zincir başları, imza, zaman damgası ve yenilemeleri
  material/SHA256.cer .crl .ocsp   sertifikalar, iptal listeleri, OCSP yanıtları

Listeyi, mühürleri ve bu sağlayıcıyı düzenleyen olarak gösteren delilleri tek bir sağlayıcı imzalar; zincirde başka
KEPHS'lerin gönderdiği deliller de durur. İmzalayanın gerçekten o sağlayıcı olduğu yalnız sertifikasından anlaşılır.

Bir kaydın bulunmadığı, sıra numaralarının boşluksuz oluşundan anlaşılır: bir aralığın tümü dışa aktarıldıysa, o
aralıkta başka kayıt yoktur. Zincirin nereye kadar uzandığını mühürler söyler; paketten sonraki kayıtları hiçbir paket
gösteremez.


AUDIT PACK
==========

This folder holds evidence from the archive of a registered e-mail provider, and everything that proves it. Neither
a network nor a database is needed to verify it, only root certificates that you trust:

  kepctl verify THIS-FOLDER --providers provider-root.pem --users user-root.pem --tsas tsa-root.pem
  kepctl verify THIS-FOLDER --trust root.pem                where one root is trusted for all of them

Other tools can look at it too:
  sha512sum -c SHA512SUMS                                   is each file the one that was listed
  openssl cms -verify -inform DER -in SHA512SUMS.p7s \\
      -content SHA512SUMS -binary -purpose any -CAfile root.pem   who signed the list, and when
  xmlsec1 --verify --trusted-pem root.pem evidence/00000001.xml  the signature of one evidence

Files
  pack.json                 whose archive, what was selected, how many records of each chain, ids of messages and their
                            evidence; where it was selected by time, numbers and times of what lies before, between, after
  evidence/N.xml            evidence: XML of the provider with XAdES signature and time-stamp; N is its number in the chain
  evidence/N.position.txt   where it stands in the chain, with two digests; numbers rise without gaps
  evidence/N.ers            evidence record (RFC 4998): when both existed, also after certificates and digest algorithms
                            have aged; N.xml and N.position.txt are sealed together
  validation/N.json         how the certificates stood on which evidence rests, after it was issued
  signers/ID.json           by what the user's signature was judged at the acceptance, which carries its digest
  rechecks/N.json           how the signer's certificate stood after the grace period
  seals/N.json, heads/N.*   daily seals: heads of the chains, signature, time-stamp and their renewals
  material/SHA256.cer .crl .ocsp   certificates, revocation lists, OCSP responses

List, seals and the evidence that names this provider as its issuer are signed by one provider; evidence that others sent
stands in the chain too. That who signed is that provider is told by the certificate alone.

That a record does not exist is seen from the numbers: where a whole range was exported, there is no other record in it.
How far a chain reaches is told by the seals; what came after the pack no pack can show.
`
