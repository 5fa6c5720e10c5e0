@{
    RootModule           = 'RemoteDispatch.PowerShell.dll'
    ModuleVersion        = '0.1.0'
    GUID                 = '6f1c7c0e-5c0b-4a5e-9f0b-3d1d6a1b7e42'
    Author               = 'RemoteDispatch contributors'
    Copyright            = '(c) RemoteDispatch contributors. MIT License.'
    Description          = 'Sends tasks (commands, scripts) to other machines over SSH or Tailscale, into containers there, into WSL, or onto this machine; they run detached, and everything comes back: state, log, exit code.'
    PowerShellVersion    = '7.6'
    CompatiblePSEditions = @('Core')
    FormatsToProcess     = @('RemoteDispatch.Format.ps1xml')
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Add-DispatchHost'
        'Enter-RemoteTask'
        'Export-DispatchHost'
        'Get-DispatchHost'
        'Get-RemoteTask'
        'Get-RemoteTaskEvent'
        'Get-RemoteTaskLog'
        'Get-RemoteTaskWorkspace'
        'Import-DispatchHost'
        'Invoke-RemoteTask'
        'New-DispatchToken'
        'Remove-DispatchHost'
        'Remove-DispatchToken'
        'Remove-RemoteTaskWorkspace'
        'Resume-RemoteTask'
        'Save-RemoteTaskLog'
        'Send-RemoteTaskMessage'
        'Set-DispatchHost'
        'Stop-RemoteTask'
        'Test-DispatchHost'
        'Wait-RemoteTask'
        'Watch-RemoteTask'
    )
    PrivateData          = @{
        PSData = @{
            Tags         = @('SSH', 'Remote', 'Tasks', 'Tailscale', 'WSL', 'Containers', 'Operations', 'PSEdition_Core')
            LicenseUri   = 'https://opensource.org/license/mit'
            # build.ps1 puts the newest section of the changelog into the package here.
            ReleaseNotes = '{CHANGELOG}'
        }
    }
}
