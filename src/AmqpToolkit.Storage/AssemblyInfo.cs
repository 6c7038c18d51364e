using System.Runtime.CompilerServices;

// What the native methods take needs no marshalling: their stubs are compiled beforehand and not at the first call.
[assembly: DisableRuntimeMarshalling]
