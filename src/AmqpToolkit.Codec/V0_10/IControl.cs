namespace AmqpToolkit.Codec.V0_10;

/// <summary>A control of 0-10: not counted, not replayed. Implemented by the generated owned forms.</summary>
public interface IControl : IPacked;
