import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Date;
import org.bouncycastle.operator.bc.BcDigestCalculatorProvider;
import org.bouncycastle.tsp.ers.ERSByteData;
import org.bouncycastle.tsp.ers.ERSData;
import org.bouncycastle.tsp.ers.ERSDataGroup;
import org.bouncycastle.tsp.ers.ERSEvidenceRecord;

/**
 * An evidence record as Bouncy Castle reads it: FOLDER NAME… holds NAME.ers, NAME.octets and NAME.position, which were sealed
 * together. A line each: name, then "holds", or why not.
 */
public class EvidenceRecordCheck {
  public static void main(String[] args) throws Exception {
    Path folder = Path.of(args[0]);
    for (int index = 1; index < args.length; index++) {
      String name = args[index];
      System.out.println(name + " " + judge(folder, name));
    }
  }

  private static String judge(Path folder, String name) {
    try {
      ERSEvidenceRecord record =
          new ERSEvidenceRecord(
              Files.readAllBytes(folder.resolve(name + ".ers")), new BcDigestCalculatorProvider());
      ERSData octets = new ERSByteData(Files.readAllBytes(folder.resolve(name + ".octets")));
      ERSData position = new ERSByteData(Files.readAllBytes(folder.resolve(name + ".position")));
      record.validatePresent(new ERSDataGroup(octets, position), new Date());
      return "holds";
    } catch (Exception fault) {
      return "fails: " + fault.getMessage();
    }
  }
}
