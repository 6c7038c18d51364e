using AmqpToolkit.Broker.Messages;
using AmqpToolkit.Codec;
using AmqpToolkit.Codec.V0_9_1;

namespace AmqpToolkit.Broker.Tests.Messages;

public class PropertiesEditorTests
{
    private readonly PropertiesEditor _editor = new();

    [Fact]
    public void ReplaceReplyTo_AmongOthers_ChangesItAlone()
    {
        byte[] properties = Write(new BasicProperties { ContentType = "text/plain", ReplyTo = "short", CorrelationId = "7", Headers = Table.Create(t => t.Add("a", 1)) });

        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(_editor.ReplaceReplyTo(properties, "a name that is longer"u8), out BasicPropertiesView view));

        Assert.True(view.ReplyTo.SequenceEqual("a name that is longer"u8));
        Assert.True(view.ContentType.SequenceEqual("text/plain"u8) && view.CorrelationId.SequenceEqual("7"u8));
        Assert.Equal(1, view.Headers.ToDictionary()["a"]);
    }

    [Theory]
    [InlineData("BCC,a,b", "a,b")]
    [InlineData("a,BCC,b", "a,b")]
    [InlineData("a,b,BCC", "a,b")]
    [InlineData("BCC", "")]
    [InlineData("BCC,a,BCC,b,BCC", "a,b")]
    [InlineData("a,CC", "a,CC")]
    public void RemoveHeader_AtAnyPlace_LeavesTheOthers(string before, string after)
    {
        var builder = new TableBuilder();
        foreach (string key in before.Split(','))
        {
            builder.AddObject(key, key == "BCC" ? new object[] { "x", "y" } : key);
        }

        byte[] properties = Write(new BasicProperties { ContentType = "c", Headers = builder.ToTable(), AppId = "app" });
        ReadOnlySpan<byte> edited = _editor.RemoveHeader(properties, "BCC"u8);

        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(edited, out BasicPropertiesView view));
        var keys = new List<string>();
        foreach (TableEntryView entry in view.Headers)
        {
            keys.Add(System.Text.Encoding.UTF8.GetString(entry.Key));
        }

        Assert.Equal(after, string.Join(',', keys));
        Assert.True(view.HasHeaders && view.AppId.SequenceEqual("app"u8) && view.ContentType.SequenceEqual("c"u8));
    }

    [Fact]
    public void RemoveHeader_AfterAnEdit_LeavesThatAnswerWhole()
    {
        byte[] properties = Write(new BasicProperties
        {
            ReplyTo = "r",
            Headers = Table.Create(t => t.AddObject("BCC", new object[] { "x" }).AddObject("k", 1).AddObject("BCC", new object[] { "y" })),
        });
        ReadOnlySpan<byte> first = _editor.ReplaceReplyTo(properties, "reply"u8);
        byte[] copy = first.ToArray();

        _editor.RemoveHeader(first, "BCC"u8);

        Assert.Equal(copy, first.ToArray());
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(-4294967295)]
    public void ReplaceHeader_WithANumber_TakesTheWidthItNeeds(long value)
    {
        byte[] properties = Write(new BasicProperties { Headers = Table.Create(t => t.AddObject("a", "x").AddObject("x-delay", "5").AddObject("b", 2)), Priority = 3 });

        Assert.Equal(DecodeError.None, BasicPropertiesView.TryParse(_editor.ReplaceHeader(properties, "x-delay"u8, value), out BasicPropertiesView view));

        Assert.True(view.Headers.TryGetValue("x-delay"u8, out FieldValueView found) && found.TryGetInt64(out long number) && number == value);
        Assert.Equal(("x", 2, (byte)3), (view.Headers.ToDictionary()["a"], view.Headers.ToDictionary()["b"], view.Priority));
    }

    private static byte[] Write(in BasicProperties properties)
    {
        byte[] octets = new byte[1024];
        return octets[..properties.Write(octets)];
    }
}
