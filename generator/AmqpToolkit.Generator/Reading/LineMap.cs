using System.Xml;
using System.Xml.Linq;
using AmqpToolkit.Generator.Diagnostics;
using AmqpToolkit.Generator.Infrastructure;

namespace AmqpToolkit.Generator.Reading;

/// <summary>Finds the place of elements and attribute values in the text that they were parsed from.</summary>
internal sealed class LineMap
{
    private readonly string _text;
    private readonly List<int> _starts = [0];

    public LineMap(string text)
    {
        _text = text;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\n' || (text[i] == '\r' && (i + 1 == text.Length || text[i + 1] != '\n')))
            {
                _starts.Add(i + 1);
            }
        }
    }

    /// <summary>The stretch at a line and column that count from 1, as XML readers count.</summary>
    public Stretch At(int line, int column, int length)
    {
        int index = Math.Min(Math.Max(line, 1), _starts.Count) - 1;
        int start = Math.Min(_starts[index] + Math.Max(column, 1) - 1, _text.Length);
        return new Stretch(start, Math.Min(length, _text.Length - start), index, start - _starts[index]);
    }

    /// <summary>The element's name and its attributes' values.</summary>
    public NodeLocation Locate(XElement element)
    {
        var attributes = new List<AttributeLocation>();
        foreach (XAttribute attribute in element.Attributes())
        {
            Stretch name = At(((IXmlLineInfo)attribute).LineNumber, ((IXmlLineInfo)attribute).LinePosition, attribute.Name.LocalName.Length);
            attributes.Add(new AttributeLocation(attribute.Name.LocalName, Value(name)));
        }

        IXmlLineInfo at = element;
        return new NodeLocation(At(at.LineNumber, at.LinePosition, element.Name.LocalName.Length), attributes.ToEquatableArray());
    }

    /// <summary>From an attribute's name to its value: the text between the quotes. A value that goes over lines is blamed by name.</summary>
    private Stretch Value(Stretch name)
    {
        int open = _text.IndexOfAny(['"', '\''], Math.Min(name.Start + name.Length, _text.Length));
        int close = open < 0 ? -1 : _text.IndexOf(_text[open], open + 1);
        return close < 0 || _text.IndexOf('\n', name.Start, close - name.Start) >= 0
            ? name
            : new Stretch(open + 1, close - open - 1, name.Line, name.Column + open + 1 - name.Start);
    }
}
