namespace AmqpToolkit.Codec.V0_10;

/// <summary>A command of 0-10: counted by its session, preceded by the session header. Implemented by the generated owned forms.</summary>
public interface ICommand : IPacked;
