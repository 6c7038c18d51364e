using System.Text;
using AmqpToolkit.Decode;

using StreamWriter output = new(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), bufferSize: 1 << 16);
bool isColored = !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or "";
return DecodeCommand.Run(args, Console.OpenStandardInput(), output, Console.Error, isColored);
