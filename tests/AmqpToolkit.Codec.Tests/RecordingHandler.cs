using System.Reflection;
using System.Reflection.Emit;
using ReflectedMethod = System.Reflection.MethodInfo;

namespace AmqpToolkit.Codec.Tests;

/// <summary>Base of handlers, emitted at run time, that note which of their methods was called. Public, for the emitted assembly to derive from it.</summary>
public class RecordingHandler
{
    public string? Method { get; private set; }

    public ushort Channel { get; private set; }

    public int Calls { get; private set; }

    public void Record(string method, ushort channel)
    {
        Method = method;
        Channel = channel;
        Calls++;
    }
}

/// <summary>Runs a generated dispatch against a handler that implements all of a role.</summary>
internal sealed class RecordingDispatch
{
    private readonly Dispatcher _dispatch;

    private RecordingDispatch(Type handlerInterface, Type dispatchClass, string method = "Dispatch")
    {
        Type handler = EmitHandler(handlerInterface);
        Handler = (RecordingHandler)Activator.CreateInstance(handler)!;
        _dispatch = EmitDispatch(dispatchClass, method, handler);
    }

    private delegate DecodeError Dispatcher(RecordingHandler handler, ushort channel, ReadOnlySpan<byte> payload);

    internal static RecordingDispatch Server() => Of(MethodType.Edition, "Server", "Method");

    internal static RecordingDispatch Client() => Of(MethodType.Edition, "Client", "Method");

    /// <summary>The dispatch of a role of an edition.</summary>
    internal static RecordingDispatch Of(string edition, string role, string kind) => new(
        typeof(IMethod).Assembly.GetType($"{edition}.I{role}{kind}Handler", throwOnError: true)!,
        typeof(IMethod).Assembly.GetType($"{edition}.{role}{kind}s", throwOnError: true)!);

    /// <summary>The dispatch of a role over one class alone.</summary>
    internal static RecordingDispatch OfClass(string edition, string role, string kind, string name) => new(
        typeof(IMethod).Assembly.GetType($"{edition}.I{name}{role}{kind}Handler", throwOnError: true)!,
        typeof(IMethod).Assembly.GetType($"{edition}.{role}{kind}s", throwOnError: true)!,
        "Dispatch" + name);

    internal RecordingHandler Handler { get; }

    internal DecodeError Dispatch(ushort channel, ReadOnlySpan<byte> payload) => _dispatch(Handler, channel, payload);

    private static Type EmitHandler(Type handlerInterface)
    {
        string name = $"Recording{handlerInterface.FullName!.Replace('.', '_')}";
        ModuleBuilder module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.Run).DefineDynamicModule(name);
        TypeBuilder type = module.DefineType(name, TypeAttributes.Public | TypeAttributes.Sealed, typeof(RecordingHandler), [handlerInterface]);
        ReflectedMethod record = typeof(RecordingHandler).GetMethod(nameof(RecordingHandler.Record))!;
        foreach (ReflectedMethod declared in handlerInterface.GetInterfaces().Append(handlerInterface).SelectMany(face => face.GetMethods()))
        {
            ParameterInfo[] parameters = declared.GetParameters();
            MethodBuilder method = type.DefineMethod(
                declared.Name,
                MethodAttributes.Public | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot,
                CallingConventions.HasThis,
                declared.ReturnType,
                null,
                null,
                [.. parameters.Select(parameter => parameter.ParameterType)],
                [.. parameters.Select(parameter => parameter.GetRequiredCustomModifiers())],
                [.. parameters.Select(parameter => parameter.GetOptionalCustomModifiers())]);
            ILGenerator il = method.GetILGenerator();
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Ldstr, declared.Name);
            il.Emit(OpCodes.Ldarg_1);
            il.Emit(OpCodes.Call, record);
            il.Emit(OpCodes.Ret);
            type.DefineMethodOverride(method, declared);
        }

        return type.CreateType();
    }

    private static Dispatcher EmitDispatch(Type dispatchClass, string name, Type handler)
    {
        var method = new DynamicMethod(
            "Dispatch", typeof(DecodeError), [typeof(RecordingHandler), typeof(ushort), typeof(ReadOnlySpan<byte>)], typeof(RecordingDispatch).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LocalBuilder local = il.DeclareLocal(handler);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, handler);
        il.Emit(OpCodes.Stloc, local);
        il.Emit(OpCodes.Ldloca, local);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, dispatchClass.GetMethod(name)!.MakeGenericMethod(handler));
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Dispatcher>();
    }
}
