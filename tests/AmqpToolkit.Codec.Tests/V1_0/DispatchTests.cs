using System.Text;
using AmqpToolkit.Codec.V1_0;

namespace AmqpToolkit.Codec.Tests.V1_0;

/// <summary>The generated switches over what frames and messages are made of.</summary>
public sealed class DispatchTests
{
    public static TheoryData<string, string> Performatives => new()
    {
        { "open", "005310C00401A10161" },
        { "begin", "005311C00704405201520143" },
        { "attach", "005312C00603A101614342" },
        { "flow", "005313C00704405201435201" },
        { "transfer", "005314C0020143" },
        { "disposition", "005315C003024143" },
        { "detach", "005316C0020143" },
        { "end", "00531745" },
        { "close", "00531845" },
    };

    [Theory]
    [MemberData(nameof(Performatives))]
    public void Frame_InAnyFormOfItsDescriptor_ReachesItsHandler(string name, string hex)
    {
        string list = hex[6..];
        string symbol = $"amqp:{name}:list";
        string[] descriptors = ["53" + hex[4..6], "80" + "00000000000000" + hex[4..6], "A3" + symbol.Length.ToString("X2") + Convert.ToHexString(Encoding.ASCII.GetBytes(symbol))];
        foreach (string descriptor in descriptors)
        {
            var handler = new Recorder();

            Assert.Equal(DecodeError.None, AnyFrame.Dispatch(ref handler, Convert.FromHexString("00" + descriptor + list + "0102")));

            Assert.Equal(name, handler.Name);
            Assert.Equal("0102", handler.Rest);
        }
    }

    [Theory]
    [InlineData("", DecodeError.Truncated)]
    [InlineData("00", DecodeError.Truncated)]
    [InlineData("0053", DecodeError.Truncated)]
    [InlineData("005314", DecodeError.Truncated)]
    [InlineData("00531445", DecodeError.MissingField)]
    [InlineData("00531945", DecodeError.UnexpectedDescriptor)]
    [InlineData("005340" + "45", DecodeError.UnexpectedDescriptor)]
    [InlineData("00A30178" + "45", DecodeError.UnexpectedDescriptor)]
    [InlineData("00A300" + "45", DecodeError.UnexpectedDescriptor)]
    [InlineData("0045" + "45", DecodeError.UnexpectedDescriptor)]
    [InlineData("45", DecodeError.UnexpectedType)]
    [InlineData("01", DecodeError.UnknownConstructor)]
    public void Frame_ThatIsNone_ReachesNoHandler(string hex, DecodeError error)
    {
        var handler = new Recorder();

        Assert.Equal(error, AnyFrame.Dispatch(ref handler, Convert.FromHexString(hex)));

        Assert.Equal("", handler.Name);
    }

    private struct Recorder() : IFrameHandler
    {
        internal string Name { get; private set; } = "";

        internal string Rest { get; private set; } = "";

        public void HandleOpen(in OpenView value, ReadOnlySpan<byte> rest) => Record("open", rest);

        public void HandleBegin(in BeginView value, ReadOnlySpan<byte> rest) => Record("begin", rest);

        public void HandleAttach(in AttachView value, ReadOnlySpan<byte> rest) => Record("attach", rest);

        public void HandleFlow(in FlowView value, ReadOnlySpan<byte> rest) => Record("flow", rest);

        public void HandleTransfer(in TransferView value, ReadOnlySpan<byte> rest) => Record("transfer", rest);

        public void HandleDisposition(in DispositionView value, ReadOnlySpan<byte> rest) => Record("disposition", rest);

        public void HandleDetach(in DetachView value, ReadOnlySpan<byte> rest) => Record("detach", rest);

        public void HandleEnd(in EndView value, ReadOnlySpan<byte> rest) => Record("end", rest);

        public void HandleClose(in CloseView value, ReadOnlySpan<byte> rest) => Record("close", rest);

        private void Record(string name, ReadOnlySpan<byte> rest) => (Name, Rest) = (name, Convert.ToHexString(rest));
    }
}
