namespace AmqpToolkit.Broker.Selectors;

/// <summary>Whose text a selector is.</summary>
internal enum SelectorDialect : byte
{
    /// <summary>JMS and Qpid: names of JMS, <c>amqp.</c> and those of sections; double quotes stand around names.</summary>
    Jms = 0,

    /// <summary>The SQL filter of the draft of filter expressions: names of sections alone; double quotes stand around text, brackets around names.</summary>
    Sql,
}
