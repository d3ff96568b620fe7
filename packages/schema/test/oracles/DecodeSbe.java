import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import uk.co.real_logic.sbe.ir.Ir;
import uk.co.real_logic.sbe.json.JsonPrinter;
import uk.co.real_logic.sbe.xml.IrGenerator;
import uk.co.real_logic.sbe.xml.MessageSchema;
import uk.co.real_logic.sbe.xml.ParserOptions;
import uk.co.real_logic.sbe.xml.XmlSchemaParser;

/** Decodes messages with sbe-tool: arguments are a schema and a file of messages, each after its length (u32, little-endian). Prints one JSON object per message. */
public class DecodeSbe {
    public static void main(final String[] args) throws Exception {
        final ParserOptions options = ParserOptions.builder().stopOnError(true).build();
        final MessageSchema schema = XmlSchemaParser.parse(new ByteArrayInputStream(Files.readAllBytes(Path.of(args[0]))), options);
        final Ir ir = new IrGenerator().generate(schema);
        final JsonPrinter printer = new JsonPrinter(ir);
        final ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(Path.of(args[1]))).order(ByteOrder.LITTLE_ENDIAN);
        while (file.hasRemaining()) {
            final byte[] message = new byte[file.getInt()];
            file.get(message);
            final StringBuilder json = new StringBuilder();
            printer.print(ByteBuffer.wrap(message), json);
            System.out.println(json.toString().replaceAll("\\s*\\n\\s*", " "));
        }
    }
}
