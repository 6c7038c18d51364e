using System.Text;

namespace AmqpToolkit.Generator.Emitting;

/// <summary>
/// Writes lines at the current depth. A text of several lines keeps its own indentation below it; line ends are "\n" everywhere. Emitters write types as
/// public; where the project asks for internal ones, the outermost are.
/// </summary>
internal sealed class SourceWriter(bool isInternal = false)
{
    private const int SpacesPerLevel = 4;
    private const string Public = "public ";

    private readonly StringBuilder _text = new();
    private int _level;
    private bool _atBlockStart = true;

    public void Line() => _text.Append('\n');

    public void Line(string text)
    {
        foreach (string line in text.Split('\n'))
        {
            string trimmed = line.TrimEnd('\r');
            if (trimmed.Length != 0)
            {
                bool isHidden = isInternal && _level == 0 && trimmed.StartsWith(Public, StringComparison.Ordinal);
                _text.Append(' ', _level * SpacesPerLevel).Append(isHidden ? "internal " + trimmed.Substring(Public.Length) : trimmed);
            }

            _text.Append('\n');
        }

        _atBlockStart = false;
    }

    /// <summary>An empty line, except at the start of a block.</summary>
    public void Gap()
    {
        if (!_atBlockStart)
        {
            _text.Append('\n');
        }

        _atBlockStart = true;
    }

    /// <summary>Opens a block in braces below a header, to be closed by disposal.</summary>
    public Block Braces(string header)
    {
        Line(header);
        Line("{");
        _level++;
        _atBlockStart = true;
        return new Block(this, "}");
    }

    /// <summary>Opens an indented block without braces.</summary>
    public Block Indented()
    {
        _level++;
        return new Block(this, null);
    }

    public override string ToString() => _text.ToString();

    internal readonly struct Block(SourceWriter writer, string? close) : IDisposable
    {
        public void Dispose()
        {
            writer._level--;
            if (close is not null)
            {
                writer.Line(close);
            }

            writer._atBlockStart = false;
        }
    }
}
