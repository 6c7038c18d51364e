#!/usr/bin/env pwsh
<#
.SYNOPSIS
  Thin wrapper around the dotnet commands of this repository.
.EXAMPLE
  ./build.ps1 test
.EXAMPLE
  ./build.ps1 bench --filter *Publish*
#>
param(
    [Parameter(Position = 0)]
    [ValidateSet('restore', 'build', 'test', 'bench', 'pack')]
    [string] $Task = 'build',

    [Parameter(Position = 1, ValueFromRemainingArguments)]
    [string[]] $Rest = @()
)

$ErrorActionPreference = 'Stop'
Push-Location $PSScriptRoot
try {
    switch ($Task) {
        'restore' { dotnet restore @Rest }
        'build' { dotnet build -c Release @Rest }
        'test' { dotnet test -c Release @Rest }
        'bench' { dotnet run -c Release --project benchmarks/AmqpToolkit.Benchmarks -- @Rest }
        'pack' {
            dotnet pack -c Release -o artifacts/packages @Rest
            if ($LASTEXITCODE -eq 0) {
                dotnet publish src/AmqpToolkit.Broker.Host -c Release -r linux-x64 -o artifacts/linux-x64 @Rest
            }
        }
    }
    exit $LASTEXITCODE
}
finally {
    Pop-Location
}
