import java.io.File;
import java.util.ArrayList;
import java.util.List;
import javax.xml.transform.stream.StreamSource;
import javax.xml.validation.Schema;
import javax.xml.validation.Validator;
import org.apache.xerces.jaxp.validation.XMLSchema11Factory;
import org.xml.sax.ErrorHandler;
import org.xml.sax.SAXParseException;

/**
 * Validates documents against an XSD 1.1 schema with Xerces-J: {@code Validate SCHEMA FOLDER}.
 *
 * <p>Prints a line for each document of the folder: its name, a tab, "valid" or the first complaint. A schema that
 * cannot be used, or is complained about, ends it with an exception.
 */
public class Validate {
    private static class Complaints implements ErrorHandler {
        final List<String> all = new ArrayList<>();

        @Override
        public void warning(SAXParseException complaint) {
            error(complaint);
        }

        @Override
        public void error(SAXParseException complaint) {
            all.add(complaint.getMessage().replaceAll("\\s+", " "));
        }

        @Override
        public void fatalError(SAXParseException complaint) {
            error(complaint);
        }
    }

    public static void main(String[] arguments) throws Exception {
        XMLSchema11Factory factory = new XMLSchema11Factory();
        Complaints onSchema = new Complaints();
        factory.setErrorHandler(onSchema);
        Schema schema = factory.newSchema(new File(arguments[0]));
        if (!onSchema.all.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", onSchema.all));
        }
        File[] documents = new File(arguments[1]).listFiles();
        for (File document : documents) {
            Complaints complaints = new Complaints();
            Validator validator = schema.newValidator();
            validator.setErrorHandler(complaints);
            validator.validate(new StreamSource(document));
            System.out.println(
                    document.getName() + "\t" + (complaints.all.isEmpty() ? "valid" : complaints.all.get(0)));
        }
    }
}
