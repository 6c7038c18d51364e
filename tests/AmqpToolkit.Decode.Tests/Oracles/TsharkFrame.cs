using System.Xml.Linq;

namespace AmqpToolkit.Decode.Tests.Oracles;

/// <summary>One AMQP frame as tshark decodes it.</summary>
internal sealed class TsharkFrame(XElement protocol)
{
    private static readonly char[] Separators = ['-', '_', '.'];

    /// <summary>All fields, nested ones included.</summary>
    public IEnumerable<XElement> Fields => protocol.Descendants("field");

    /// <summary>Arguments of a performative and the sections after it, each with what is in it.</summary>
    public IEnumerable<XElement> Arguments => protocol.Elements("field").SelectMany(element =>
        (string?)element.Attribute("name") == "amqp.method.arguments" ? element.Elements("field") : [element]);

    /// <summary>The field of a name.</summary>
    public XElement? Find(string name) => Fields.FirstOrDefault(field => (string?)field.Attribute("name") == name);

    /// <summary>What tshark shows of a field: a number, text, or octets with colons.</summary>
    public string? Show(string name) => (string?)Find(name)?.Attribute("show");

    /// <summary>The words after the label: <c>Basic (60)</c> of <c>Class: Basic (60)</c>.</summary>
    public string? Words(string name) => ((string?)Find(name)?.Attribute("showname"))?.Split(": ", 2)[^1];

    /// <summary>The field below a prefix whose name is the same but for dashes, which tshark drops here and there.</summary>
    public XElement? FindAlike(string prefix, string name) => Fields.FirstOrDefault(field =>
        ((string?)field.Attribute("name"))?.StartsWith(prefix, StringComparison.Ordinal) == true && Plain(((string)field.Attribute("name")!)[prefix.Length..]) == Plain(name));

    /// <summary>Reads all AMQP frames of a capture.</summary>
    public static async Task<List<TsharkFrame>> ReadAsync(byte[] capture, params string[] options)
    {
        using TemporaryFile file = new(capture);
        string pdml = await ForeignProgram.RunAsync("tshark", ["-r", file.Path, "-T", "pdml", "-o", "tcp.desegment_tcp_streams:TRUE", .. options]);
        return [.. XDocument.Parse(pdml).Descendants("proto").Where(proto => (string?)proto.Attribute("name") == "amqp").Select(proto => new TsharkFrame(proto))];
    }

    private static string Plain(string name) => string.Concat(name.Split(Separators));
}
