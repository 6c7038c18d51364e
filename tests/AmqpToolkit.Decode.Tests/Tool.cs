using System.Text;

namespace AmqpToolkit.Decode.Tests;

/// <summary>Runs the tool within this process.</summary>
internal static class Tool
{
    /// <summary>Runs it with octets on its standard input.</summary>
    public static ToolResult Run(byte[] input, params string[] arguments)
    {
        using StringWriter output = new() { NewLine = "\n" };
        using StringWriter error = new() { NewLine = "\n" };
        int exitCode = DecodeCommand.Run(arguments, new MemoryStream(input), output, error, isColored: false);
        return new ToolResult(exitCode, output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries), error.ToString());
    }

    /// <summary>Runs it with text on its standard input.</summary>
    public static ToolResult Run(string input, params string[] arguments) => Run(Encoding.UTF8.GetBytes(input), arguments);
}
