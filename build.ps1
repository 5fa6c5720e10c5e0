#!/usr/bin/env pwsh
<#
.SYNOPSIS
    Builds, tests, packs and installs the RemoteDispatch module.
.DESCRIPTION
    Build lays the module out in out/RemoteDispatch. Test runs every suite; the Pester suite packs what was built, installs the
    package in a folder of its own and tests that. Pack makes out/RemoteDispatch.<version>.nupkg, with the newest section of the
    changelog as its release notes. Install has Install-PSResource take that package from a local repository, which is registered
    for that moment under a name of its own.
.PARAMETER Task
    What to do, in this order.
.PARAMETER Configuration
    Debug or Release.
.PARAMETER Module
    The folder of the module that is packed.
.PARAMETER PackageFolder
    Where the package is put, and where Install takes it from.
.PARAMETER InstallPath
    A folder of modules; without it, the user's own, where Import-Module finds it.
.EXAMPLE
    ./build.ps1
.EXAMPLE
    ./build.ps1 -Task Build, Test -Configuration Release
.EXAMPLE
    ./build.ps1 -Task Build, Pack, Install
#>
#Requires -Version 7.6
[CmdletBinding(SupportsShouldProcess)]
param(
    # 'pwsh build.ps1 -Task Build,Pack' gives the two as one word.
    [ArgumentCompletions('Build', 'Test', 'Pack', 'Install')]
    [ValidateScript({ -not ($_ -split ',' -notmatch '^(Build|Test|Pack|Install)$') }, ErrorMessage = "'{0}' is none of Build, Test, Pack, Install.")]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release',

    [string] $Module = (Join-Path $PSScriptRoot 'out/RemoteDispatch'),

    [string] $PackageFolder = (Join-Path $PSScriptRoot 'out'),

    [string] $InstallPath
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'
$PSNativeCommandUseErrorActionPreference = $true

# Where a user has no such folder yet, PSResourceGet would keep its list of repositories in the current one.
$null = [System.Environment]::GetFolderPath('LocalApplicationData', 'Create')

function Get-ReleaseNote {
    # The text below the changelog's first heading of a version, up to the next; with that heading, but for its marks.
    $changelog = (Get-Content (Join-Path $PSScriptRoot 'CHANGELOG.md') -Raw) -replace "`r"
    [regex]::Match($changelog, '(?ms)(?<=^## ).*?(?=\s*(^## |\z))').Value
}

function New-Package {
    # Packed from a copy: what was built stays as it was built.
    $copy = Join-Path ([System.IO.Path]::GetTempPath()) "rd-pack-$([guid]::NewGuid().ToString('n'))"
    try {
        Copy-Item $Module (Join-Path $copy 'RemoteDispatch') -Recurse
        $manifest = Join-Path $copy 'RemoteDispatch/RemoteDispatch.psd1'
        $note = [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent((Get-ReleaseNote))
        (Get-Content $manifest -Raw).Replace('{CHANGELOG}', $note) | Set-Content $manifest -NoNewline -Encoding utf8
        $null = New-Item -ItemType Directory $PackageFolder -Force
        Compress-PSResource -Path (Join-Path $copy 'RemoteDispatch') -DestinationPath $PackageFolder -PassThru
    }
    finally {
        Remove-Item $copy -Recurse -Force -ErrorAction Ignore
    }
}

function Install-Package([string] $Version) {
    $package = Join-Path $PackageFolder "RemoteDispatch.$Version.nupkg"
    if (-not (Test-Path $package)) { throw "There is no '$package': pack it first (-Task Pack)." }
    $repository = "rd-$([guid]::NewGuid().ToString('n'))"
    Register-PSResourceRepository -Name $repository -Uri (Convert-Path $PackageFolder)
    try {
        $what = @{ Name = 'RemoteDispatch'; Version = "[$Version]"; Repository = $repository; TrustRepository = $true; Quiet = $true }
        if ($InstallPath) {
            $null = New-Item -ItemType Directory $InstallPath -Force
            Save-PSResource @what -Path $InstallPath
        }
        else {
            Install-PSResource @what -Scope CurrentUser -Reinstall
        }
    }
    finally {
        Unregister-PSResourceRepository -Name $repository
    }
}

foreach ($one in $Task -split ',') {
    switch ($one) {
        'Build' {
            dotnet build (Join-Path $PSScriptRoot 'RemoteDispatch.sln') --nologo --configuration $Configuration
            Write-Information "The module is in $Module" -InformationAction Continue
        }
        'Test' {
            dotnet test (Join-Path $PSScriptRoot 'RemoteDispatch.sln') --nologo --configuration $Configuration
        }
        'Pack' {
            if ($PSCmdlet.ShouldProcess($PackageFolder, "Pack $Module")) {
                Write-Information "Packed: $(New-Package)" -InformationAction Continue
            }
        }
        'Install' {
            $version = (Import-PowerShellDataFile (Join-Path $Module 'RemoteDispatch.psd1')).ModuleVersion
            $where = $InstallPath ? $InstallPath : "the user's modules"
            if ($PSCmdlet.ShouldProcess($where, "Install RemoteDispatch $version from $PackageFolder")) {
                Install-Package $version
                Write-Information "Installed RemoteDispatch $version in $where" -InformationAction Continue
            }
        }
    }
}
